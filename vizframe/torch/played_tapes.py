"""The tapes of a net, one for each size of image, and what is played of them for a question."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from vizframe.errors import NetworkError
from vizframe.graph.settings import Settings
from vizframe.network import FloatArray, ReluRule
from vizframe.network.layer import Layer
from vizframe.torch.batch import lengths
from vizframe.torch.layers import LayerList, layers_of
from vizframe.torch.model import Model
from vizframe.torch.node import Tape
from vizframe.torch.plan import Plan, plan
from vizframe.torch.replay import Program, Values, program


class PlayedTapes(ABC):
    """What every question needs: a tape of the right size, the program that is asked for, played
    with the current parameters."""

    _model: Model
    _settings: Settings
    _main: tuple[Tape, LayerList]
    _tapes: dict[tuple[int, ...], tuple[Tape, LayerList]]
    _programs: dict[object, Program]
    _found: LayerList
    _by_name: dict[str, Layer]

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
        values = {self._main[0].data: images, **(beside or {})}
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

    def _tape(self, shape: tuple[int, ...]) -> tuple[Tape, LayerList]:
        """The tape for images of this shape; of another size than the net's own, a new one."""
        if shape not in self._tapes:
            tape = self._trace(shape)
            self._tapes[shape] = tape, layers_of(tape)
        return self._tapes[shape]

    def _trace(self, shape: tuple[int, ...]) -> Tape:
        return self._model.trace(shape)

    def _tapes_layers(self, tape: Tape) -> LayerList:
        return next(found for each, found in self._tapes.values() if each is tape)

    def _node(self, found: LayerList, name: str, batch: FloatArray | None = None) -> int:
        """Where a layer is found on a tape.

        Raises:
            NetworkError: the net broke off before it.
        """
        if name not in found.nodes:
            tape = next(tape for tape, each in self._tapes.values() if each is found)
            shape = lengths(tape.nodes[tape.data].shape, 1)
            given = shape if batch is None else batch.shape
            raise self._refusal(given, tape.broke or ValueError(f"layer {name!r} is not reached"))
        return found.nodes[name]

    def _shown(self, found: LayerList, name: str, output: Any) -> Any:
        """What a layer's node gave, as the layer's output."""
        view = found.views.get(name)
        return output if view is None else view(output)

    def _tokens(self, found: LayerList, name: str, output: Any) -> Any:
        """What a layer's node gave at tokens that are no place of its map; None without any."""
        view = found.views.get(name)
        return None if view is None else view.beside(output)

    def _units_first(self, found: LayerList, name: str) -> Any:
        """How the node's output becomes the layer's, its units right behind the images."""
        axis = 1 + self._by_name[name].unit_axis
        return lambda output: self._shown(found, name, output).movedim(axis, 1)

    def _shape_of(self, found: LayerList, name: str, tape: Tape) -> tuple[int, ...]:
        """Of a layer's output on a tape, units first."""
        layer = next(each for each in found.layers if each.name == name)
        axis = layer.unit_axis
        rest = tuple(n for each, n in enumerate(layer.shape) if each != axis)
        return (layer.units, *rest) if layer.shape else ()

    def _sized(self, size: tuple[int, int] | None) -> tuple[int, ...]:
        shape = self._settings.input_shape
        return shape if size is None else (shape[0], *size)

    def _plan(self, tape: Tape, found: LayerList, name: str, exact_field: bool) -> Plan:
        self._node(found, name)
        view = found.views.get(name)
        spatial = view is None or view.is_permutation  # tokens are no map that could be cut
        return plan(tape, found, name, exact_field=exact_field and spatial)

    def _program(
        self, tape: Tape, wanted: Sequence[int], rule: ReluRule, chosen: Plan | None = None
    ) -> Program:
        part = None if chosen is None else chosen.part
        key = (id(tape), tuple(wanted), rule, None if part is None else tuple(part.boxes.items()))
        if key not in self._programs:
            if len(self._programs) > 256:
                self._programs.clear()
            self._programs[key] = program(tape, wanted, rule=rule, part=part)
        return self._programs[key]

    def _fixed(self, tape: Tape, found: LayerList, played: Program, count: int) -> Values:
        """The values of all that does not depend on the images."""
        still = [each.index for each in played.steps if each.index not in found.maps]
        before = program(tape, [*still, *played.leaves, *played.constants])
        return before.run({}, self._model.leaf, count)
