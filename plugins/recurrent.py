"""Recurrent: the cells, the hidden states and every gate of recurrent layers, along the probe."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

import numpy as np
from pydantic import Field

from vizframe.errors import Inapplicable, NetworkError
from vizframe.network import FloatArray
from vizframe.network.layer import Layer
from vizframe.plugin import Growth, Plugin, Scene
from vizframe.plugin.column import Column
from vizframe.plugin.frame import Frame, Picture
from vizframe.sequences.replay import Gates, Stack, replay, stack_of
from vizframe.sequences.source import inputs_of, states_of

AXES = ("probe", "layer", "unit", "time")

COLUMNS: dict[str, str | Column] = {
    "mean": "The unit's mean along the sequence.",
    "largest": Column("Its largest size along the sequence.", role="strength"),
}
OPENNESS: dict[str, str | Column] = {
    "mean": "The gate's mean along the sequence: 1 is open, 0 is closed.",
    "open": "The share of places where it is above 0.9.",
    "closed": "The share of places where it is below 0.1.",
}

WORDS: Mapping[str, str] = {
    "cell": "What each unit of an LSTM remembers, along the sequence.",
    "hidden": "What each unit gives at each place, along the sequence.",
    "input_gate": "How far each unit lets in what is new.",
    "forget_gate": "How far each unit keeps what it remembers: 1 keeps all of it.",
    "output_gate": "How far each unit shows what it remembers.",
    "reset_gate": "How far each unit of a GRU sees its past where it makes something new.",
    "update_gate": "How far each unit of a GRU stays as it was: 1 keeps all of it.",
    "candidate": "What each unit would remember anew.",
}

FAR = 1e-3
"""A replay that is farther from what the layer gave is not what goes on inside."""


def _picture(part: str) -> Picture:
    is_gate = part.endswith("gate")
    return Picture(
        axes=AXES,
        part=part,
        title=part.replace("_", " "),
        draw="text",
        signed=not is_gate,
        value_range=(0.0, 1.0) if is_gate else None,
        help=WORDS[part],
        columns=OPENNESS if is_gate else COLUMNS,
    )


class Recurrent(Plugin):
    """The cell, the hidden state and every gate of each unit, at every token of the probe.

    They are computed again from the layer's weights and inputs, for LSTM, GRU and plain RNN, in
    both directions and in all layers above one another; of one layer alone there is no axis
    ``layer``. Of a layer that goes both ways the units that go back come last.
    """

    name: ClassVar[str] = "recurrent"
    grows_with: ClassVar[tuple[Growth, ...]] = ("images",)
    makes: ClassVar[tuple[Picture, ...]] = tuple(map(_picture, WORDS))

    images: int | None = Field(
        4,
        ge=1,
        description="How many texts or sequences of the probe, from the first; all if null.",
    )
    gates: bool = Field(True, description="Also show every gate, not the states alone.")

    def visualize(self, scene: Scene) -> Iterator[Frame]:
        if not any(layer.is_recurrent for layer in scene.network.layers):
            raise Inapplicable(
                "the network has no recurrent layer; it can have an LSTM, a GRU, an RNN or a cell "
                "that is called along a sequence"
            )
        for layer in scene.layers:
            if layer.is_recurrent:
                with scene.leave_out_refused(layer):
                    yield from self._frames(scene, layer)

    def _frames(self, scene: Scene, layer: Layer) -> Iterator[Frame]:
        depths, notes = self._replayed(scene, layer)
        for part in depths[0]:
            is_gate = part.endswith("gate")
            if not self.gates and (is_gate or part == "candidate"):
                continue
            # (probe, layer, unit, time); a layer alone has no axis of its own
            every = np.stack([each[part].transpose(0, 2, 1) for each in depths], axis=1)
            shown = np.ascontiguousarray(every if len(depths) > 1 else every[:, 0])
            yield Frame(
                layer.name,
                shown,
                part,
                columns=_openness(shown) if is_gate else _sizes(shown),
                notes=notes,
                scalars=_saturation(part, shown) if is_gate else {},
            )

    def _replayed(self, scene: Scene, layer: Layer) -> tuple[list[Gates], tuple[str, ...]]:
        """What every part does in every layer, and what is to be said of it.

        Raises:
            NetworkError: the layer's arithmetic or inputs are not known.
        """
        stack = stack_of(scene.network.weights(layer.name))
        if stack is None:
            raise NetworkError(
                f"the gates of {layer.name!r} cannot be computed from its parameters; it can be an "
                "LSTM, a GRU or an RNN of the framework's own"
            )
        inputs = inputs_of(scene, layer, stack[0][0].inputs.shape[1])
        if inputs is None:
            raise NetworkError(
                f"what {layer.name!r} reads is no layer's output; its gates can be computed where "
                "it reads a layer or the network's input"
            )
        inputs = inputs[: self.images]
        states = states_of(scene.probe.call, layer, len(inputs))
        return _closest(inputs, stack, states, scene.activations(layer)[: self.images])


def _closest(
    inputs: FloatArray, stack: Stack, states: tuple[FloatArray, ...], given: FloatArray
) -> tuple[list[Gates], tuple[str, ...]]:
    """The replay that gives what the layer gave: a plain RNN may end in a ReLU, a cell of a pair
    may go from the end."""
    enough = FAR * max(1.0, float(np.abs(given).max(initial=0)))
    found: list[tuple[float, list[Gates]]] = []
    for relu, turned in ((False, False), (True, False), (False, True), (True, True)):
        if (relu and stack[0][0].gates != 1) or (turned and len(stack[0]) > 1):
            continue
        every = replay(inputs[:, ::-1] if turned else inputs, stack, states, relu=relu)
        if turned:
            every = [{name: part[:, ::-1] for name, part in each.items()} for each in every]
        found.append((_distance(every[-1]["hidden"], given), every))
        if not found[-1][0] > enough:
            return every, ("It goes along the sequence from its end",) if turned else ()
    far, best = min(found, key=lambda pair: pair[0])
    note = (
        f"What was computed again differs from what the layer gave by up to {far:.2g}: the layer "
        "does more than its kind"
    )
    return best, (note,)


def _distance(replayed: FloatArray, given: FloatArray) -> float:
    if replayed.shape != given.shape:  # an output that is projected is smaller
        return 0.0
    with np.errstate(invalid="ignore"):
        far = float(np.abs(replayed - given).max(initial=0))
    return far if np.isfinite(far) else 0.0


def _openness(gate: FloatArray) -> dict[str, FloatArray]:
    return {
        "mean": gate.mean(axis=-1),
        "open": (gate > 0.9).mean(axis=-1, dtype=np.float32),
        "closed": (gate < 0.1).mean(axis=-1, dtype=np.float32),
    }


def _sizes(state: FloatArray) -> dict[str, FloatArray]:
    return {"mean": state.mean(axis=-1), "largest": np.abs(state).max(axis=-1)}


def _saturation(part: str, gate: FloatArray) -> dict[str, float]:
    """The shares of all units and places where the gate is wide open, and shut."""
    words = part.replace("_", " ")
    return {
        f"share of {words} above 0.9": float((gate > 0.9).mean()),
        f"share of {words} below 0.1": float((gate < 0.1).mean()),
    }
