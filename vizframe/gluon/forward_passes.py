"""What a Gluon model gives for images, forward only; what is kept of that between recordings."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence

from vizframe.gluon.bound_graphs import BoundGraphs
from vizframe.gluon.compat import mx
from vizframe.gluon.graph.parameters import to_numpy
from vizframe.gluon.question.peaks import with_maxima
from vizframe.graph.passes import Joined, parts_in_room
from vizframe.network import FloatArray

AT_REST = 16
"""Of the memory, as one part of so many, compiled graphs hold while a network trains on."""


class ForwardPasses(BoundGraphs):
    """What `vizframe.network.Network` says of activations, peaks and scores."""

    @property
    @abstractmethod
    def score_layer(self) -> str:
        """See `vizframe.network.Network`."""

    def activations(self, images: FloatArray, layers: Sequence[str]) -> dict[str, FloatArray]:
        batch = self._settings.check_images(images, self._name)
        if not layers:
            return {}
        made = Joined(len(batch))
        for part in self._parts(batch):
            for name, values in self._activations(batch[part], layers):
                made.add(name, part, values)
        return made.found

    def _activations(
        self, batch: FloatArray, layers: Sequence[str]
    ) -> Iterator[tuple[str, FloatArray]]:
        """The outputs of the layers, one after the other, so that they are not copied out at
        once."""
        entries = tuple(dict.fromkeys(self._entry(name) for name in layers))
        compiled = self._compiled(("activations", entries), self._graph.with_heads(entries), batch)
        self._fill(compiled, batch)
        outputs = dict(zip(entries, compiled.forward(), strict=True))
        for name in dict.fromkeys(layers):
            yield name, self._axes_of(name).outside(to_numpy(outputs[self._entry(name)]))

    def _parts(self, batch: FloatArray) -> Iterable[slice]:
        """The images in parts for which a graph of all layers has room; in one where the network
        takes no other number of them."""
        if self._count > 1:
            return [slice(0, len(batch))]
        shapes = self._shapes(self._settings.input_shape)
        entries = set(self._entries.values()) & shapes.keys()
        numbers = sum(math.prod(shapes[entry]) for entry in entries)
        larger = math.prod(batch.shape[1:]) / math.prod(self._settings.input_shape)
        # The axes of a graph are known, so that it takes an image alone.
        return parts_in_room(len(batch), int(numbers * larger), self._settings.memory, least=1)

    def peaks(self, images: FloatArray, layers: Sequence[str]) -> dict[str, FloatArray]:
        """See `vizframe.network.peaks.peaks`."""
        batch = self._settings.check_images(images, self._name)
        if not layers:
            return {}
        entries = {name: self._entry(name) for name in layers}
        maps = [entries[name] for name in layers if self.layer(name).is_spatial]
        graph, maxima = with_maxima(self._graph, list(dict.fromkeys(maps)))
        heads = {name: maxima.get(entry, entry) for name, entry in entries.items()}
        asked = tuple(dict.fromkeys(heads.values()))
        compiled = self._compiled(("peaks", asked), graph.with_heads(asked), batch)
        self._fill(compiled, batch)
        found = dict(zip(asked, map(to_numpy, compiled.forward()), strict=True))
        return {name: found[head].reshape(len(batch), -1) for name, head in heads.items()}

    def scores(self, images: FloatArray) -> FloatArray:
        name = self.score_layer
        return self.activations(images, [name])[name]

    def rest(self) -> None:
        """See `vizframe.network.Rests`."""
        self._kept.shrink(self._settings.memory // AT_REST)
        mx.nd.waitall()  # MXNet gives memory back as it computes, behind all that it was asked for
        if "_twin" in self.__dict__:
            self.__dict__["_twin"].rest()
