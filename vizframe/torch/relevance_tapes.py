"""Relevance propagated back along a module's tape: `vizframe.network.relevance`."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from vizframe.errors import NetworkError
from vizframe.graph.host import ignore_float_warnings
from vizframe.graph.target import check_objective, output_weights, read, refuse_shape
from vizframe.network import FloatArray, Gradient, Objective
from vizframe.network.nonfinite import with_twin
from vizframe.network.relevance import RelevanceRules
from vizframe.torch.aside import aside
from vizframe.torch.excitation import gradients_of
from vizframe.torch.layers import LayeredTape
from vizframe.torch.parameters import to_numpy
from vizframe.torch.played_tapes import PlayedTapes
from vizframe.torch.relevance import relevance_tape
from vizframe.torch.replay import Program, program


class RelevanceTapes(PlayedTapes):
    """What `vizframe.network.relevance.RelevanceNetwork` asks."""

    @abstractmethod
    def _twin(self) -> RelevanceTapes: ...

    def relevance(
        self, images: FloatArray, objective: Objective, rules: RelevanceRules
    ) -> Gradient:
        found = self._relevance(images, objective, rules)
        return with_twin(found, lambda: self._twin()._relevance(images, objective, rules))

    def _relevance(
        self, images: FloatArray, objective: Objective, rules: RelevanceRules
    ) -> Gradient:
        batch = self._settings.check_images(images, self.name)
        layer = self.layer(objective.layer)
        check_objective(objective, layer, len(batch))
        if self._model.integers:
            raise NetworkError(
                f"the network {self.name!r} takes token ids, which have no relevance; "
                "it can be one that takes images"
            )
        traced = self._tape(batch.shape[1:])
        target = self._node(traced, layer.name, batch)
        played, ends = self._relevance_program(traced, target, rules)
        with aside(self._model.device, gradients=True), ignore_float_warnings():
            sources = [self._model.images(batch), *self._ends(batch, rules)]
            for each in sources:
                each.requires_grad_()
            beside = dict(zip(ends, sources[1:], strict=True))
            values = self._play(played, batch, sources[0], beside=beside)
            output = self._units_first(traced, layer.name)(values[target])
            refuse_shape(layer.name, output.shape, len(batch))
            spread = torch.from_numpy(output_weights(objective, output.shape))
            weighed = (output * spread.to(output.device, output.dtype)).sum()
            total = _summed(sources, gradients_of(weighed, sources))
            return Gradient(read(objective, to_numpy(output)), to_numpy(total))

    def _relevance_program(
        self, traced: LayeredTape, target: int, rules: RelevanceRules
    ) -> tuple[Program, tuple[int, ...]]:
        """What plays the target by the rules, and the nodes that are given beside the images."""
        ruled, given = relevance_tape(traced.tape, target, rules)
        return program(ruled, [target], given=given), given[1:]

    def _ends(self, batch: FloatArray, rules: RelevanceRules) -> list[Any]:
        """Images of the lowest pixels, of the highest, and of ones."""
        shape = (1, -1, *(1,) * (batch.ndim - 2))
        values = (np.asarray(each, np.float32).reshape(shape) for each in (rules.low, rules.high))
        whole = [np.broadcast_to(each, batch.shape) for each in values]
        return [self._model.images(each) for each in (*whole, np.ones_like(batch))]


def _summed(sources: list[Any], gradients: Sequence[Any]) -> Any:
    """The sum of every source times its gradient; a source that was not read has none."""
    pairs = zip(sources, gradients, strict=True)
    found = [each.detach() * gradient for each, gradient in pairs if gradient is not None]
    return sum(found, start=torch.zeros_like(sources[0]))
