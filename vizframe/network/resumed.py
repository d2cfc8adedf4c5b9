"""A network computed on from the outputs of some of its layers, which are given.

    images ─ conv1 ─ conv2 ─ dense ─ scores
                       ▲
                     given: what lies before is not computed, unless another way leads past it

What a unit does for the scores is asked so: its activation is changed, and the rest computed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol, runtime_checkable

from vizframe.errors import NetworkError
from vizframe.network.layer import Layer
from vizframe.network.network import FloatArray, Network


@runtime_checkable
class ResumableNetwork(Protocol):
    """A network that can be computed on from the outputs of inner layers; not every one can."""

    def resume(
        self, images: FloatArray, given: Mapping[str, FloatArray], layers: Sequence[str]
    ) -> dict[str, FloatArray]:
        """As `resume`."""
        ...


def resume(
    network: Network,
    images: FloatArray,
    given: Mapping[str, FloatArray],
    layers: Sequence[str],
) -> dict[str, FloatArray]:
    """The outputs of ``layers`` for the images, as by `Network.activations`, with the outputs of
    other layers given.

    Args:
        given: by layer, (batch, *layer.shape); what is asked of such a layer is what was given.

    Raises:
        NetworkError: the network cannot be computed on from there.
    """
    if not isinstance(network, ResumableNetwork):
        raise NetworkError(
            f"the network {network.name!r} has no graph, so that it cannot be computed on from a "
            "layer; its units cannot be switched off"
        )
    return network.resume(images, given, layers)


def resume_unknown(
    layer_of: Callable[[str], Layer],
    images: FloatArray,
    given: Mapping[str, FloatArray],
    layers: Sequence[str],
    compute: Callable[[FloatArray, Mapping[str, FloatArray], Sequence[str]], dict[str, FloatArray]],
) -> dict[str, FloatArray]:
    """What `resume` gives, of a network that can ``compute`` layers which are not given, by the
    names that ``layer_of`` knows them by.

    Raises:
        NetworkError: what is given has not the shapes of the layers' outputs.
    """
    fixed = {layer_of(name).name: values for name, values in given.items()}
    refuse_given(images, [(layer_of(name), each) for name, each in fixed.items()])
    named = {name: layer_of(name).name for name in layers}
    asked = [own for own in dict.fromkeys(named.values()) if own not in fixed]
    found = {**fixed, **(compute(images, fixed, asked) if asked else {})}
    return {name: found[own] for name, own in named.items()}


def refuse_given(images: FloatArray, given: Iterable[tuple[Layer, FloatArray]]) -> None:
    """Raises NetworkError unless what is given has the shapes of the layers' outputs."""
    for layer, values in given:
        wanted = (len(images), *layer.shape)
        if values.shape != wanted:
            raise NetworkError(
                f"what is given for layer {layer.name!r} has the shape {values.shape}; it can be "
                f"{wanted}"
            )
