"""A model that is at hand, asked in this process: the one that `vizframe serve --model` names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from vizframe.asking.question import Question, Reply, Unchanged
from vizframe.errors import NetworkError
from vizframe.network.adapter import adapter_for
from vizframe.network.layer import Layer
from vizframe.network.live import Live, Picture, Response
from vizframe.network.masked import SavesWeights, change_of, refuse_other
from vizframe.network.network import FloatArray
from vizframe.network.probe import Normalization
from vizframe.network.unit_change import UnitChange, activations_with


@dataclass(frozen=True, slots=True)
class AtHand:
    """See `vizframe.asking.question.Asked`. The weights are the newest at every question."""

    live: Live
    _unchanged: Unchanged = field(default_factory=Unchanged)

    @property
    def input_shape(self) -> tuple[int, ...]:
        return self.live.input_shape

    @property
    def normalization(self) -> Normalization:
        """How inputs relate to pictures, as guessed from the batch that the model's function
        gave."""
        with self.live.borrow() as opened:
            return opened.normalization

    def layers(self) -> Sequence[Layer]:
        return self.live.layers()

    def respond(
        self, picture: Picture, layer: str, normalization: Normalization | None = None
    ) -> Response:
        return self.live.respond(picture, layer, normalization)

    def reply(self, inputs: FloatArray, question: Question) -> Reply:
        with self.live.borrow() as opened:
            weights = (id(opened), opened.loaded)
            return self._unchanged.reply(opened.network, weights, inputs, question, opened.step)

    def scores(self, inputs: FloatArray, changes: Sequence[UnitChange]) -> FloatArray:
        with self.live.borrow() as opened:
            network = opened.network
            return activations_with(network, inputs, changes, [network.score_layer])[
                network.score_layer
            ]

    def checkpoint(
        self, folder: Path, changes: Sequence[UnitChange], inputs: FloatArray
    ) -> tuple[Path, int | None]:
        """A file of the parameters with the changes in them, and the step that they are of.

        Raises:
            NetworkError: they cannot be written into weights.
        """
        with self.live.borrow() as opened:
            adapter = adapter_for(opened.model)
            if not isinstance(adapter, SavesWeights):
                raise NetworkError("this framework's adapter writes no parameters")
            path = adapter.save_weights(opened.model, folder, change_of(opened.network, changes))
            refuse_other(self.live.load(path), opened.network, changes, inputs)
            return path, opened.step
