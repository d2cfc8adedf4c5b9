"""Nets that no tape holds: what they do depends on what they see, or has a gradient of its own.

Each question runs the shadow itself, under the mode that records tapes; what it gives goes by the
same names. So ReLUs follow a rule here, too; but all of the net runs, on whole images.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch

from vizframe.graph.settings import Settings
from vizframe.network import ReluRule
from vizframe.network.relevance import RelevanceRules
from vizframe.torch.aside import aside
from vizframe.torch.axes import labels_of
from vizframe.torch.batch import FIRST, Count
from vizframe.torch.layers import LayeredTape
from vizframe.torch.model import Model, sample_images
from vizframe.torch.names import names_of
from vizframe.torch.network import TorchNetwork
from vizframe.torch.node import Node, Tape
from vizframe.torch.plan import Plan, plan
from vizframe.torch.relevance import relevance_tape
from vizframe.torch.replay import Program, Values
from vizframe.torch.ruled import Ruled
from vizframe.torch.tape import trace

ENDS = (-1, -2, -3)
"""Stand for the images of the lowest pixels, the highest and ones."""


class LiveProgram(Program):
    """A `Program` that runs the net itself."""

    def __init__(self, model: Model, data: int, wanted: Mapping[int, str], rule: ReluRule) -> None:
        super().__init__([], {}, {})
        self._model, self._data, self._wanted, self._rule = model, data, wanted, rule

    def run(
        self, given: Values, leaf: Callable[[str], Any], images: int, *, tracked: Iterable[int] = ()
    ) -> Values:
        model = self._model
        with aside(model.device, gradients=torch.is_grad_enabled()):
            model.shadow.refresh()
            batch = given[self._data]
            tape = trace(model.shadow, model.run, batch, live=True, rule=self._rule)
        found = {name: tape.nodes[index].value for index, name in _names(tape).items()}
        if tape.broke is not None and not found.keys() >= set(self._wanted.values()):
            raise tape.broke
        return {
            **given,
            **{index: found[name] for index, name in self._wanted.items() if name in found},
        }

    def without(self, fixed: Values) -> Program:
        return self


class LiveRelevance(Program):
    """Runs the net itself by the rules of relevance: once to find where each applies, and again
    with them."""

    def __init__(
        self, model: Model, data: int, target: int, name: str, rules: RelevanceRules
    ) -> None:
        super().__init__([], {}, {})
        self._model, self._data, self._rules = model, data, rules
        self._target, self._name = target, name

    def run(
        self, given: Values, leaf: Callable[[str], Any], images: int, *, tracked: Iterable[int] = ()
    ) -> Values:
        model, batch = self._model, given[self._data]
        with aside(model.device):
            model.shadow.refresh()
            plain = trace(model.shadow, model.run, batch.detach(), live=True)
            if plain.broke is not None:
                raise plain.broke
            target = {name: index for index, name in _names(plain).items()}[self._name]
            ruled, own = relevance_tape(plain, target, self._rules)
        pairs = enumerate(zip(ruled.nodes, plain.nodes, strict=False))
        changed = {index: one for index, (one, two) in pairs if one is not two}
        ends = {index: given[end] for index, end in zip(own[1:], ENDS, strict=True)}
        with aside(model.device, gradients=True):
            model.shadow.refresh()
            tape = trace(model.shadow, model.run, batch, live=True, ruled=Ruled(changed, ends))
        if tape.broke is not None:
            raise tape.broke
        return {self._target: tape.nodes[target].value}


class LiveNetwork(TorchNetwork):
    """A `TorchNetwork` without a tape."""

    def __init__(self, model: Model, settings: Settings) -> None:
        super().__init__(model, settings, live_tape(model, settings.input_shape))

    def _trace(self, shape: tuple[int, ...]) -> Tape:
        return live_tape(self._model, shape)

    def _plan(self, traced: LayeredTape, name: str, exact_field: bool) -> Plan:
        self._node(traced, name)
        return plan(traced, name, exact_field=False)

    def _program(
        self, traced: LayeredTape, wanted: Iterable[int], rule: ReluRule, chosen: Plan | None = None
    ) -> Program:
        names = {index: name for name, index in traced.nodes.items()}
        return LiveProgram(self._model, traced.tape.data, {n: names[n] for n in wanted}, rule)

    def _relevance_program(
        self, traced: LayeredTape, target: int, rules: RelevanceRules
    ) -> tuple[Program, tuple[int, ...]]:
        names = {index: name for name, index in traced.nodes.items()}
        played = LiveRelevance(self._model, traced.tape.data, target, names[target], rules)
        return played, ENDS

    def _fixed(self, traced: LayeredTape, played: Program, count: int) -> Values:
        return {}

    def _of_model(self, model: Model) -> TorchNetwork:
        return LiveNetwork(model, self._settings)


def live_tape(model: Model, shape: tuple[int, ...]) -> Tape:
    """The tape of what the net did for two images, without its values."""
    with aside(model.device):
        model.shadow.refresh()
        tape = trace(model.shadow, model.run, sample_images(model, shape, FIRST), live=True)
    for each in tape.nodes:
        each.value = None if each.function is not None else each.value
        each.shape = _per_image(each)
    return tape


def _per_image(node: Node) -> tuple[Any, ...]:
    """The shape, its first axis taken for the images' where it has as many."""
    if node.function is None and (node.leaf is not None or node.constant is not None):
        return node.shape
    first = node.shape[:1] == (FIRST,)
    return (Count(1, 0), *node.shape[1:]) if first else node.shape


def _names(tape: Tape) -> dict[int, str]:
    for each in tape.nodes:
        each.shape = tuple(each.shape)
    depends = set(labels_of(tape))
    return names_of(tape, depends)[0]
