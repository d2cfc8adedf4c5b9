"""A module's tape played on from the outputs of some layers: `vizframe.network.resumed`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from vizframe.graph.host import ignore_float_warnings
from vizframe.network import FloatArray
from vizframe.network.resumed import resume_unknown
from vizframe.torch.aside import aside
from vizframe.torch.layers import LayeredTape
from vizframe.torch.parameters import to_numpy
from vizframe.torch.played_tapes import PlayedTapes
from vizframe.torch.replay import program


class ResumedTapes(PlayedTapes):
    """What `vizframe.network.resumed.ResumableNetwork` asks."""

    def resume(
        self, images: FloatArray, given: Mapping[str, FloatArray], layers: Sequence[str]
    ) -> dict[str, FloatArray]:
        batch = self._settings.check_images(images, self.name)
        return resume_unknown(self.layer, batch, given, layers, self._resumed)

    def _resumed(
        self, batch: FloatArray, given: Mapping[str, FloatArray], asked: Sequence[str]
    ) -> dict[str, FloatArray]:
        self._model.refuse_changed()
        traced = self._tape(batch.shape[1:])
        nodes = {name: self._node(traced, name, batch) for name in asked}
        with aside(self._model.device), ignore_float_warnings():
            values = {
                self._node(traced, name, batch): self._of_layer(traced, name, batch, each)
                for name, each in given.items()
            }
            played = program(traced.tape, nodes.values(), given=values)
            values[traced.tape.data] = self._model.images(batch)
            made = played.run(values, self._model.leaf, len(batch))
            return {name: to_numpy(traced.show(name, made[node])) for name, node in nodes.items()}

    def _of_layer(
        self, traced: LayeredTape, name: str, batch: FloatArray, values: FloatArray
    ) -> Any:
        """The layer's output as its node gives it: tokens that are not part of it stay."""
        output = self._model.images(values).to(self._model.dtype)
        view = traced.views.get(name)
        if view is None:
            return output
        if view.is_permutation:
            return view.put(None, output)
        node = self._node(traced, name, batch)
        whole = self._play(self._program(traced, [node], "plain"), batch)[node]
        return view.put(whole, output)
