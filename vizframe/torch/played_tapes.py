"""The tapes of a net, one for each size of image, and what is played of them for a question."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

from vizframe.errors import NetworkError
from vizframe.graph.settings import Settings
from vizframe.network import FloatArray, ReluRule
from vizframe.network.layer import Layer
from vizframe.torch.batch import lengths
from vizframe.torch.layers import LayeredTape, find_layers
from vizframe.torch.model import Model
from vizframe.torch.node import Tape
from vizframe.torch.plan import Plan, plan
from vizframe.torch.replay import Program, Values, program

MOST_PROGRAMS = 256
"""Programs that are kept for the next question of their kind; beyond that they are made anew."""


class PlayedTapes(ABC):
    """What every question needs: a tape of the right size, the program that is asked for, played
    with the current parameters."""

    def __init__(self, model: Model, settings: Settings, tape: Tape | None = None) -> None:
        """
        Args:
            tape: for images of the network's own size; None to trace the model now.

        Raises:
            NoTape: the net does not make the same calls each time.
            NetworkError: it broke off.
        """
        self._model, self._settings = model, settings
        traced = model.trace(settings.input_shape) if tape is None else tape
        if traced.broke is not None:
            raise self._refusal((1, *settings.input_shape), traced.broke)
        self._main = find_layers(traced)
        self._by_name = {layer.name: layer for layer in self._main.layers}
        self._tapes = {settings.input_shape: self._main}
        self._programs: dict[object, Program] = {}

    @property
    @abstractmethod
    def name(self) -> str:
        """See `vizframe.network.Network`."""

    @abstractmethod
    def layer(self, name: str) -> Layer:
        """See `vizframe.network.Network`."""

    def _play(
        self,
        played: Program,
        batch: FloatArray,
        given: Any = None,
        tracked: set[int] = frozenset(),  # type: ignore[assignment]  # empty
        beside: Values | None = None,
    ) -> Values:
        """The program, run on the current parameters.

        Args:
            beside: values of other nodes that are given.
        """
        self._model.refuse_changed()
        images = self._model.images(batch) if given is None else given
        values = {self._main.tape.data: images, **(beside or {})}
        try:
            return played.run(values, self._model.leaf, len(batch), tracked=tracked)
        except RuntimeError as error:
            raise self._refusal(batch.shape, error) from error

    def _refusal(self, shape: tuple[int, ...], error: Exception) -> NetworkError:
        told = str(error).strip().splitlines() or [type(error).__name__]
        return NetworkError(
            f"the network {self._model.name!r} cannot take images of shape {tuple(shape)}: "
            f"{told[0].rstrip('. ')}"
        )

    def _tape(self, shape: tuple[int, ...]) -> LayeredTape:
        """The tape for images of this shape; of another size than the net's own, a new one."""
        if shape not in self._tapes:
            self._tapes[shape] = find_layers(self._trace(shape))
        return self._tapes[shape]

    def _trace(self, shape: tuple[int, ...]) -> Tape:
        return self._model.trace(shape)

    def _node(self, traced: LayeredTape, name: str, batch: FloatArray | None = None) -> int:
        """Where a layer is found on a tape.

        Raises:
            NetworkError: the net broke off before it.
        """
        if name not in traced.nodes:
            tape = traced.tape
            shape = lengths(tape.nodes[tape.data].shape, 1) if batch is None else batch.shape
            raise self._refusal(shape, tape.broke or ValueError(f"layer {name!r} is not reached"))
        return traced.nodes[name]

    def _units_first(self, traced: LayeredTape, name: str) -> Callable[[Any], Any]:
        """How the node's output becomes the layer's, its units right behind the images."""
        axis = 1 + self._by_name[name].unit_axis
        return lambda output: traced.show(name, output).movedim(axis, 1)

    def _sized(self, size: tuple[int, int] | None) -> tuple[int, ...]:
        shape = self._settings.input_shape
        return shape if size is None else (shape[0], *size)

    def _plan(self, traced: LayeredTape, name: str, exact_field: bool) -> Plan:
        self._node(traced, name)
        view = traced.views.get(name)
        spatial = view is None or view.is_permutation  # tokens are no map that could be cut
        return plan(traced, name, exact_field=exact_field and spatial)

    def _program(
        self, traced: LayeredTape, wanted: Sequence[int], rule: ReluRule, chosen: Plan | None = None
    ) -> Program:
        """What plays these nodes, of images that the plan may have cut; made once."""
        tape, part = traced.tape, None if chosen is None else chosen.part
        key = (id(tape), tuple(wanted), rule, None if part is None else tuple(part.boxes.items()))
        if key not in self._programs:
            if len(self._programs) > MOST_PROGRAMS:
                self._programs.clear()
            self._programs[key] = program(tape, wanted, rule=rule, part=part)
        return self._programs[key]

    def _fixed(self, traced: LayeredTape, played: Program, count: int) -> Values:
        """The values of all that does not depend on the images."""
        still = [each.index for each in played.steps if each.index not in traced.maps]
        before = program(traced.tape, [*still, *played.leaves, *played.constants])
        return before.run({}, self._model.leaf, count)
