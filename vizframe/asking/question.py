"""What is asked of a network whose units are changed, and what it says.

inputs, changes ──► scores before and after, of every image
                └─► maps of one layer, of the image that is looked at
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from vizframe.network.layer import Layer
from vizframe.network.live import Picture, Response
from vizframe.network.network import FloatArray, Network
from vizframe.network.probe import Normalization
from vizframe.network.unit_change import UnitChange, activations_with


@dataclass(frozen=True, slots=True)
class Question:
    """
    Attributes:
        layer: whose maps are wanted.
        image: of which image; the last where there are fewer.
        is_difference: whether what changed of them is wanted, not what they became.
    """

    layer: str
    changes: Sequence[UnitChange] = ()
    image: int = 0
    is_difference: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Reply:
    """
    Attributes:
        layer: the network's own name of it.
        maps: (unit, y, x), or (unit,) of a dense one.
        before, after: scores without and with the changes, (image, class).
        step: that the weights are from, where that is known.
    """

    layer: str
    image: int
    maps: FloatArray
    before: FloatArray
    after: FloatArray
    step: int | None


class Asked(Protocol):
    """A network that can be asked."""

    @property
    def input_shape(self) -> tuple[int, ...]: ...

    def layers(self) -> Sequence[Layer]:
        """All layers, in forward order; of each at least name, units and shape."""
        ...

    def respond(
        self, picture: Picture, layer: str, normalization: Normalization | None = None
    ) -> Response:
        """See `vizframe.network.live.Live.respond`."""
        ...

    def reply(self, inputs: FloatArray, question: Question) -> Reply:
        """Raises VizframeError where the question is not what it can be."""
        ...

    def scores(self, inputs: FloatArray, changes: Sequence[UnitChange]) -> FloatArray:
        """The scores of every image, with the changes. Raises as `reply` does."""
        ...


@dataclass(slots=True, eq=False)
class Unchanged:
    """What the whole network gave last, so that a click computes only what a change changes."""

    _key: object = None
    _outputs: dict[str, FloatArray] = field(default_factory=dict)

    def of(
        self, network: Network, weights: object, inputs: FloatArray, layers: Sequence[str]
    ) -> Mapping[str, FloatArray]:
        """The layers' outputs for these inputs.

        Args:
            weights: says which ones the network has now.
        """
        key = (id(network), weights, inputs.shape, digest(inputs))
        if key != self._key:
            self._key, self._outputs = key, {}
        missing = [name for name in dict.fromkeys(layers) if name not in self._outputs]
        if missing:
            found = network.activations(inputs, missing)
            kept = {name: each for name, each in self._outputs.items() if name in layers}
            self._outputs = {**kept, **found}
        return self._outputs

    def reply(
        self,
        network: Network,
        weights: object,
        inputs: FloatArray,
        question: Question,
        step: int | None,
    ) -> Reply:
        """What the network says; it is this thread's alone meanwhile."""
        score, own = network.score_layer, network.layer(question.layer).name
        image = min(question.image, len(inputs) - 1)
        changed = [network.layer(each.layer).name for each in question.changes]
        before = self.of(network, weights, inputs, [own, score, *changed])
        after = activations_with(network, inputs, question.changes, [own, score], before)
        maps = after[own][image]
        if question.is_difference:
            maps = maps - before[own][image]
        return Reply(own, image, maps, before[score], after[score], step)


def digest(inputs: FloatArray) -> bytes:
    """The same for the same numbers."""
    return hashlib.blake2b(np.ascontiguousarray(inputs).tobytes(), digest_size=16).digest()
