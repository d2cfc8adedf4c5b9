"""A network that takes only so many images at once, as one that fixes its batch size does.

5 images ─► 4 and 1 ─► the last repeated, 4 and 4 ─► network ─► the first 5 outputs
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from vizframe.errors import NetworkError
from vizframe.network import (
    DeviceArray,
    Excitation,
    FloatArray,
    Gradient,
    LayerGradients,
    Network,
    Objective,
    Ops,
    ReluRule,
    Rests,
)
from vizframe.network.layer import Layer
from vizframe.network.masked import own_names
from vizframe.network.relevance import RelevanceNetwork, RelevanceRules
from vizframe.network.resumed import resume

_Any = TypeVar("_Any", bound=np.generic)


class FixedBatch:
    """See `vizframe.network.Network`.

    Args:
        network: is asked for exactly so many images at a time.
        size: how many.
    """

    def __init__(self, network: Network, size: int) -> None:
        self._network = network
        self._size = size

    def rest(self) -> None:
        if isinstance(self._network, Rests):
            self._network.rest()

    @property
    def name(self) -> str:
        return self._network.name

    @property
    def layers(self) -> tuple[Layer, ...]:
        return self._network.layers

    @property
    def input_shape(self) -> tuple[int, ...]:
        return self._network.input_shape

    @property
    def score_layer(self) -> str:
        return self._network.score_layer

    @property
    def class_names(self) -> tuple[str, ...] | None:
        return self._network.class_names

    def layer(self, name: str) -> Layer:
        return self._network.layer(name)

    def activations(self, images: FloatArray, layers: Sequence[str]) -> dict[str, FloatArray]:
        parts = [
            {name: values[:count] for name, values in made.items()}
            for batch, count in self._batches(images)
            for made in [self._network.activations(batch, layers)]
        ]
        return _join(parts)

    def resume(
        self, images: FloatArray, given: Mapping[str, FloatArray], layers: Sequence[str]
    ) -> dict[str, FloatArray]:
        """See `vizframe.network.resumed.resume`."""
        if not layers:
            return {}
        rows = np.arange(len(images))
        parts = []
        for (batch, count), (numbers, _) in zip(
            self._batches(images), self._batches(rows), strict=True
        ):
            part = {name: values[numbers] for name, values in given.items()}
            made = resume(self._network, batch, part, layers)
            parts.append({name: values[:count] for name, values in made.items()})
        return _join(parts)

    def scores(self, images: FloatArray) -> FloatArray:
        return self.activations(images, [self.score_layer])[self.score_layer]

    def gradient(
        self,
        images: FloatArray,
        objective: Objective,
        *,
        rule: ReluRule = "plain",
        at: str | None = None,
    ) -> Gradient:
        found = [
            (self._network.gradient(batch, asked, rule=rule, at=at), count)
            for batch, asked, count in self._asked(images, objective)
        ]
        return _whole(found)

    def gradients(
        self, images: FloatArray, objective: Objective, at: Sequence[str]
    ) -> LayerGradients:
        found = [
            (self._network.gradients(batch, asked, at), count)
            for batch, asked, count in self._asked(images, objective)
        ]
        return LayerGradients(
            np.concatenate([each.values[:count] for each, count in found]),
            np.concatenate([each.gradient[:count] for each, count in found]),
            _join([{n: v[:count] for n, v in each.outputs.items()} for each, count in found]),
            _join([{n: v[:count] for n, v in each.gradients.items()} for each, count in found]),
        )

    def relevance(
        self, images: FloatArray, objective: Objective, rules: RelevanceRules
    ) -> Gradient:
        """See `vizframe.network.relevance.RelevanceNetwork`."""
        network = self._network
        if not isinstance(network, RelevanceNetwork):
            raise NetworkError(f"the network {self.name!r} cannot hand relevance back")
        found = [
            (network.relevance(batch, asked, rules), count)
            for batch, asked, count in self._asked(images, objective)
        ]
        return _whole(found)

    @contextmanager
    def excitation(
        self,
        objective: Objective,
        *,
        size: tuple[int, int] | None = None,
        rule: ReluRule = "plain",
        exact_field: bool = True,
    ) -> Iterator[Excitation]:
        whole = _padded(objective, self._size)
        with self._network.excitation(
            whole, size=size, rule=rule, exact_field=exact_field
        ) as excitation:
            yield _Padded(excitation, len(objective.units))

    def batch_size(
        self, layer: str, *, size: tuple[int, int] | None = None, exact_field: bool = True
    ) -> int:
        self.layer(layer)
        return self._size

    def weights(self, layer: str) -> dict[str, FloatArray]:
        return self._network.weights(layer)

    def own_names(self, layer: str) -> Mapping[str, str]:
        """See `vizframe.network.masked.NamesParameters`."""
        return own_names(self._network, layer)

    def weight_gradients(self, layer: str) -> dict[str, FloatArray]:
        return self._network.weight_gradients(layer)

    def randomized(self, seed: int) -> AbstractContextManager[Network]:
        return self._randomized(seed)

    @contextmanager
    def _randomized(self, seed: int) -> Iterator[Network]:
        with self._network.randomized(seed) as control:
            yield FixedBatch(control, self._size)

    def _batches(self, images: npt.NDArray[_Any]) -> Iterator[tuple[npt.NDArray[_Any], int]]:
        """Batches of the network's size, the last one filled up with its last image, and how many
        rows of each count."""
        for first in range(0, len(images), self._size):
            rows = np.minimum(np.arange(first, first + self._size), len(images) - 1)
            yield images[rows], min(self._size, len(images) - first)

    def _asked(
        self, images: FloatArray, objective: Objective
    ) -> Iterator[tuple[FloatArray, Objective, int]]:
        first = 0
        for batch, count in self._batches(images):
            rows = slice(first, first + self._size)
            yield batch, _padded(_part(objective, rows), self._size), count
            first += self._size


def _whole(parts: Sequence[tuple[Gradient, int]]) -> Gradient:
    """The gradients of all images together; of each part so many rows count."""
    return Gradient(
        np.concatenate([each.values[:count] for each, count in parts]),
        np.concatenate([each.gradient[:count] for each, count in parts]),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Padded:
    """An excitation of fewer images than its network takes."""

    inner: Excitation
    count: int

    @property
    def shape(self) -> tuple[int, ...]:
        return (self.count, *self.inner.shape[1:])

    @property
    def exact_field(self) -> bool:
        return self.inner.exact_field

    @property
    def ops(self) -> Ops:
        return self.inner.ops

    def evaluate(self, images: DeviceArray) -> tuple[DeviceArray, DeviceArray]:
        given = self.ops.to_numpy(images)
        rows = np.minimum(np.arange(self.inner.shape[0]), self.count - 1)
        values, gradient = self.inner.evaluate(self.ops.to_device(given[rows]))
        return self._first(values), self._first(gradient)

    def responses(self) -> DeviceArray:
        return self._first(self.inner.responses())

    def ask(self, objective: Objective) -> None:
        self.inner.ask(_padded(objective, self.inner.shape[0]))

    def _first(self, values: DeviceArray) -> DeviceArray:
        return self.ops.to_device(self.ops.to_numpy(values)[: self.count])


def _part(objective: Objective, rows: slice) -> Objective:
    gradients = objective.output_gradients
    return replace(
        objective,
        units=objective.units[rows],
        place=objective.place if isinstance(objective.place, str) else objective.place[rows],
        output_gradients=None if gradients is None else gradients[rows],
    )


def _padded(objective: Objective, size: int) -> Objective:
    """The objective with its last unit repeated."""
    rows = np.minimum(np.arange(size), len(objective.units) - 1)
    gradients = objective.output_gradients
    return replace(
        objective,
        units=objective.units[rows],
        place=objective.place if isinstance(objective.place, str) else objective.place[rows],
        output_gradients=None if gradients is None else gradients[rows],
    )


def _join(parts: Sequence[Mapping[str, FloatArray]]) -> dict[str, FloatArray]:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
