"""A parameter under training: its values and its gradient, looked at often and cheaply.

`Network.weights` copies; these views need not. They are what the vitals of a training are read
from at every step (`vizframe.recording.vitals`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from vizframe.network.layer import Layer
from vizframe.network.network import FloatArray, Network


@dataclass(frozen=True, slots=True, eq=False)
class ParameterView:
    """One parameter, whatever kind of layer it belongs to.

    Attributes:
        name: ``layer.weight``; of one that belongs to no layer, the framework's own name.
        layer: the layer's name; "" where it belongs to none.
        shape: of its values.
        values: gives them as they are now: not to be written to, nor kept beyond the step.
        gradient: gives that of the last backward pass; None where the model keeps none.
        is_trained: whether it is asked for a gradient at all.
        adds: whether a backward pass adds to the gradient instead of replacing it.
        keep_first: keeps so many of the first values as they will be when the device has done what
            it was told so far, and returns what gives them: nothing waits until then. None where
            the framework computes at once.
        square_of_gradient: likewise for the sum of squares of so many of the gradient's first
            values.
        is_updated: whether an optimiser holds it, at a rate of its own that is not 0; None where
            that is not known.
    """

    name: str
    layer: str
    shape: tuple[int, ...]
    values: Callable[[], FloatArray]
    gradient: Callable[[], FloatArray | None]
    is_trained: bool = True
    adds: bool = False
    keep_first: Callable[[int], Callable[[], FloatArray]] | None = None
    square_of_gradient: Callable[[int], Callable[[], float] | None] | None = None
    is_updated: Callable[[], bool | None] = lambda: None

    def first(self, count: int) -> Callable[[], FloatArray]:
        """The first values as they are now, given later."""
        if self.keep_first is not None:
            return self.keep_first(count)
        kept = self.values().reshape(-1)[:count].copy()
        return lambda: kept

    @property
    def is_kernel(self) -> bool:
        """Whether it has two axes or more: what maps inputs to units, not a bias or a scale."""
        return len(self.shape) >= 2


@runtime_checkable
class HasViews(Protocol):
    """A network that gives such views itself, without copies where its framework allows it."""

    def parameter_views(self) -> Sequence[ParameterView]: ...


def parameter_views(network: Network) -> list[ParameterView]:
    """Views of all the network's parameters, in forward order: its own ones, or, of a network that
    gives none, copies through `Network.weights` and `Network.weight_gradients`."""
    if isinstance(network, HasViews):
        return list(network.parameter_views())
    return [view for layer in network.layers for view in _copies(network, layer)]


def _copies(network: Network, layer: Layer) -> Iterator[ParameterView]:
    for short, values in network.weights(layer.name).items():

        def current(short: str = short) -> FloatArray:
            return network.weights(layer.name)[short]

        def gradient(short: str = short) -> FloatArray | None:
            return network.weight_gradients(layer.name).get(short)

        yield ParameterView(f"{layer.name}.{short}", layer.name, values.shape, current, gradient)
