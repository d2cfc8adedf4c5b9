"""Weights: the kernels themselves, and how far training has moved them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import ClassVar

import numpy as np
from pydantic import Field, PrivateAttr

from vizframe.arrays import blocks
from vizframe.network import FloatArray, Network
from vizframe.network.layer import Layer
from vizframe.plugin import Plugin, Scene
from vizframe.plugin.frame import Frame, Picture
from vizframe.sequences.replay import GATES, stack_of
from vizframe.sequences.replay import Weights as RecurrentWeights

KERNEL_AXES = ("unit", "input", "y", "x")
MATRIX_AXES = ("layer", "y", "x")

TOGETHER = 1 << 22
"""Weights that are squared together."""

COLUMNS = {
    "norm": "How long these weights are: the root of the sum of their squares.",
    "unit_norm": "The same over all inputs of the unit.",
    "bias": "The unit's bias.",
}
CHANGED = {
    "norm": "How far the weights have moved: the root of the sum of squares.",
    "share": "The same as a share of what they were.",
}


GATE_PARTS = tuple(
    f"{gate}_{source}"
    for gate in dict.fromkeys((*GATES[4], *GATES[3], *GATES[1]))
    for source in ("inputs", "own")
)
"""``forget_gate_inputs``, what a gate reads of the inputs; ``…_own``, of the layer's output."""


def _gate_picture(part: str) -> Picture:
    gate, _, source = part.rpartition("_")
    words = gate.replace("_", " ")
    read = "the layer's inputs" if source == "inputs" else "what the layer gave one step before"
    return Picture(
        axes=MATRIX_AXES,
        part=part,
        title=f"{words} from {'inputs' if source == 'inputs' else 'its own output'}",
        signed=True,
        draw="matrix",
        help=f"How the {words} of each unit (a row) reads {read} (a column).",
        columns={"norm": COLUMNS["norm"]},
    )


class Weights(Plugin):
    """The weights of every unit, and how far training has moved them: red negative, blue positive.

    A convolution shows one kernel per unit and input channel, the first one of a colour network
    also in colour. A dense layer on pixels shows one heatmap per class: blue where ink speaks for
    the class, red where it speaks against it. A dense layer on maps shows one per class and map.
    1×1 kernels and dense layers on vectors show one matrix, a row per unit, a column per input.
    A recurrent layer shows one per gate: from its inputs, and from its own output.
    """

    name: ClassVar[str] = "weights"
    makes: ClassVar[tuple[Picture, ...]] = (
        Picture(
            axes=KERNEL_AXES,
            title="kernels",
            signed=True,
            draw="matrix",
            help="The kernel of each unit on each of its inputs; of a dense layer, its heatmap.",
            columns=COLUMNS,
        ),
        Picture(
            axes=("unit", "y", "x", "channel"),
            part="colour",
            title="kernels in colour",
            signed=True,
            draw="image",
            help="The kernels on the network's colour input, zero as mid-grey.",
        ),
        Picture(
            axes=MATRIX_AXES,
            part="matrix",
            title="matrix",
            signed=True,
            draw="matrix",
            help="A row per unit, a column per input; of larger kernels, the sum of each.",
            columns=COLUMNS,
        ),
        Picture(
            axes=KERNEL_AXES,
            part="change_since_start",
            title="change since the start",
            signed=True,
            draw="matrix",
            help="The kernels minus those at the recording's first step.",
            zero_is_dead=False,
            columns=CHANGED,
        ),
        Picture(
            axes=KERNEL_AXES,
            part="change_since_last_step",
            title="change since the last step",
            signed=True,
            draw="matrix",
            help="The kernels minus those at the recorded step before.",
            zero_is_dead=False,
            columns=CHANGED,
        ),
        Picture(
            axes=MATRIX_AXES,
            part="matrix_change_since_start",
            title="matrix: change since the start",
            signed=True,
            draw="matrix",
            help="The matrix minus that at the recording's first step.",
            zero_is_dead=False,
            columns=CHANGED,
        ),
        Picture(
            axes=MATRIX_AXES,
            part="matrix_change_since_last_step",
            title="matrix: change since the last step",
            signed=True,
            draw="matrix",
            help="The matrix minus that at the recorded step before.",
            zero_is_dead=False,
            columns=CHANGED,
        ),
        *map(_gate_picture, GATE_PARTS),
    )

    inputs: int = Field(
        16, ge=1, description="How many inputs of each unit are shown as kernels, from the first."
    )
    units: int = Field(512, ge=1, description="How many units are shown, from the first.")
    columns: int = Field(
        1024, ge=1, description="How many inputs are shown in a matrix, from the first."
    )
    change: bool = Field(True, description="Also show the change since the start and last step.")

    _start: dict[str, FloatArray] = PrivateAttr(default_factory=dict)
    _last: dict[str, FloatArray] = PrivateAttr(default_factory=dict)

    @property
    def looks_back(self) -> bool:
        return self.change

    def visualize(self, scene: Scene) -> Iterator[Frame]:
        for layer in scene.layers:
            if layer.has_kernel:
                parameters = scene.network.weights(layer.name)
                kernels = as_kernels(scene.network, layer, parameters["weight"])
                yield from self._frames(scene.network, layer, kernels, parameters.get("bias"))
            elif layer.is_recurrent:
                yield from self._gates(layer, scene.network.weights(layer.name))

    def _frames(
        self, network: Network, layer: Layer, kernels: FloatArray, bias: FloatArray | None
    ) -> Iterator[Frame]:
        if kernels[0, 0].size == 1:
            yield from self._matrix(layer, kernels, moving=True)
            return
        shown = kernels[: self.units, : self.inputs]
        notes = _cut(kernels, shown)
        columns = _kernel_columns(kernels[: self.units], shown, bias)
        yield Frame(layer.name, shown, columns=columns, notes=notes)
        if reads_colour(network, layer, kernels):
            colour = np.moveaxis(kernels[: self.units], 1, -1)
            yield Frame(layer.name, np.ascontiguousarray(colour), "colour", notes=notes)
        yield from self._changes(layer, shown, "", notes)
        if kernels.shape[1] > 1:
            yield from self._matrix(layer, kernels, moving=False)

    def _gates(self, layer: Layer, parameters: Mapping[str, FloatArray]) -> Iterator[Frame]:
        """A matrix per gate, of the layer's last layer; one that goes both ways has two of each,
        one above the other."""
        stack = stack_of(parameters)
        if stack is None:
            return
        for place, gate in enumerate(GATES[stack[-1][0].gates]):
            for source in ("inputs", "own"):
                whole = np.concatenate([_rows_of(each, place, source) for each in stack[-1]])
                shown = whole[None, : self.units, : self.columns]
                with np.errstate(invalid="ignore", over="ignore"):
                    norm = np.sqrt((whole**2).sum()).reshape(1)
                part = f"{gate}_{source}"
                notes = _cut(whole, shown[0])
                if len(stack) > 1:
                    notes = (*notes, f"The last of its {len(stack)} layers")
                yield Frame(layer.name, shown, part, columns={"norm": norm}, notes=notes)

    def _matrix(self, layer: Layer, kernels: FloatArray, *, moving: bool) -> Iterator[Frame]:
        with np.errstate(invalid="ignore", over="ignore"):  # a broken network's inf and NaN stay
            whole = kernels.sum(axis=(2, 3))
            norm = np.sqrt(_squares(kernels).sum(dtype=np.float32)).reshape(1)
        shown = whole[None, : self.units, : self.columns]
        notes = _cut(whole, shown[0])
        yield Frame(layer.name, shown, "matrix", columns={"norm": norm}, notes=notes)
        if moving:
            yield from self._changes(layer, shown, "matrix_", notes)

    def _changes(
        self, layer: Layer, shown: FloatArray, prefix: str, notes: tuple[str, ...]
    ) -> Iterator[Frame]:
        if not self.change:
            return
        now = shown.copy()
        start = self._start.setdefault(layer.name, now)
        last = self._last.get(layer.name, now)
        self._last[layer.name] = now
        yield _change(layer, now, start, f"{prefix}change_since_start", notes)
        yield _change(layer, now, last, f"{prefix}change_since_last_step", notes)


def _rows_of(weights: RecurrentWeights, gate: int, source: str) -> FloatArray:
    """The rows of one gate, (unit, input)."""
    whole = weights.inputs if source == "inputs" else weights.hidden
    return whole[gate * weights.units : (gate + 1) * weights.units]


def _change(
    layer: Layer, now: FloatArray, then: FloatArray, part: str, notes: tuple[str, ...]
) -> Frame:
    """The difference, with the share of the norm that it is of (0 of nothing)."""
    with np.errstate(invalid="ignore", over="ignore"):
        moved = now - then
        norm, before = (np.sqrt((each**2).sum(axis=(-2, -1))) for each in (moved, then))
        share = np.divide(norm, before, out=np.zeros_like(norm), where=before > 0)
    if now is then:
        notes = (*notes, "The first recorded step: nothing has changed yet")
    return Frame(layer.name, moved, part, columns={"norm": norm, "share": share}, notes=notes)


def _kernel_columns(
    kernels: FloatArray, shown: FloatArray, bias: FloatArray | None
) -> dict[str, FloatArray]:
    """Per unit and input shown: the kernel's norm, and the unit's norm over all inputs and bias."""
    tiles = shown.shape[:2]
    with np.errstate(invalid="ignore", over="ignore"):
        of_unit = np.sqrt(_squares(kernels))
        columns = {"norm": np.sqrt((shown**2).sum(axis=(2, 3)))}
    columns["unit_norm"] = np.broadcast_to(of_unit[:, None], tiles).copy()
    if bias is not None:
        columns["bias"] = np.broadcast_to(bias[: tiles[0], None], tiles).copy()
    return columns


def _squares(kernels: FloatArray) -> FloatArray:
    """The sum of each unit's squares, of a few units at a time: a dense layer may have as many
    weights as all others together."""
    found = np.empty(len(kernels), np.float32)
    for part in blocks(kernels, TOGETHER):
        found[part] = (kernels[part] ** 2).sum(axis=(1, 2, 3))
    return found


def _cut(whole: FloatArray, shown: FloatArray) -> tuple[str, ...]:
    return tuple(
        f"The first {have} of {all_} {what} are shown"
        for have, all_, what in zip(shown.shape, whole.shape, ("units", "inputs"), strict=False)
        if have < all_
    )


def as_kernels(network: Network, layer: Layer, weight: FloatArray) -> FloatArray:
    """A layer's weight as (unit, input, y, x).

    A dense layer on maps (input, y, x) gets one kernel per map; a dense layer on a vector gets 1×1
    kernels. Kernels of one spatial axis have one row; of three, the planes lie under one another.
    """
    units, inputs, *places = weight.shape
    if not places:
        shape = read_shape(network, layer, inputs) or (inputs, 1, 1)
        return weight.reshape(units, *shape)
    return weight.reshape(units, inputs, math.prod(places[:-1]), places[-1])


def read_shape(network: Network, layer: Layer, features: int) -> tuple[int, ...] | None:
    """The (input, y, x) that a dense layer's features were before they were laid flat, if any."""
    known = {each.name: each for each in network.layers}
    name = next(iter(layer.inputs), "")
    while name in known:
        source = known[name]
        if source.is_spatial:
            return source.shape if math.prod(source.shape) == features else None
        if (source.has_kernel and source.parameters) or len(source.inputs) > 1:
            return None
        if not source.inputs:
            break
        name = source.inputs[0]
    shape = network.input_shape
    return shape if len(shape) == 3 and math.prod(shape) == features else None


def reads_colour(network: Network, layer: Layer, kernels: FloatArray) -> bool:
    """Whether the layer's inputs are the red, green and blue of the network's input."""
    if kernels.shape[1] != 3 or network.input_shape[0] != 3:
        return False
    known = {each.name: each for each in network.layers}
    name = next(iter(layer.inputs), "")
    while name in known:
        source = known[name]
        if (source.has_kernel and source.parameters) or len(source.inputs) > 1:
            return False
        if not source.inputs:
            break
        name = source.inputs[0]
    return True
