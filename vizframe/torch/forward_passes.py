"""What a module gives for images, forward only; as many at once as there is room for."""

from __future__ import annotations

import math
from collections.abc import Sequence

from vizframe.graph.host import ignore_float_warnings
from vizframe.graph.passes import Joined, parts_in_room
from vizframe.graph.settings import Settings
from vizframe.network import FloatArray
from vizframe.torch.aside import aside
from vizframe.torch.batch import lengths
from vizframe.torch.layers import LayeredTape
from vizframe.torch.model import Model
from vizframe.torch.node import Tape
from vizframe.torch.parameters import to_numpy
from vizframe.torch.played_tapes import PlayedTapes


class ForwardPasses(PlayedTapes):
    """What `vizframe.network.Network` says of activations."""

    def __init__(self, model: Model, settings: Settings, tape: Tape | None = None) -> None:
        super().__init__(model, settings, tape)
        self._beside: dict[str, FloatArray] = {}

    def activations(self, images: FloatArray, layers: Sequence[str]) -> dict[str, FloatArray]:
        batch = self._settings.check_images(images, self.name)
        wanted = {name: self.layer(name).name for name in layers}
        if not wanted:
            return {}
        traced = self._tape(batch.shape[1:])
        nodes = {asked: self._node(traced, name, batch) for asked, name in wanted.items()}
        played = self._program(traced, list(nodes.values()), "plain")
        made, beside = Joined(len(batch)), Joined(len(batch))
        numbers = _numbers(traced)
        with aside(self._model.device), ignore_float_warnings():
            for part in parts_in_room(len(batch), numbers, self._settings.memory):
                values = self._play(played, batch[part])
                for asked, node in nodes.items():
                    own = wanted[asked]
                    made.add(asked, part, to_numpy(traced.show(own, values[node])))
                    tokens = traced.tokens(own, values[node])
                    if tokens is not None:
                        beside.add(asked, part, to_numpy(tokens))
                del values  # before the next images go forward
        self._beside = beside.found
        return made.found

    def tokens_beside(self) -> dict[str, FloatArray]:
        """See `vizframe.network.tokens.TokenNetwork`."""
        return self._beside


def _numbers(traced: LayeredTape) -> int:
    """How many numbers all layers give for one image."""
    shapes = (lengths(traced.tape.nodes[n].shape, 1) for n in {*traced.nodes.values()})
    return sum(map(math.prod, shapes))
