"""Replay: what goes on inside a recurrent layer, computed again in NumPy from its weights.

A fused operator gives its output alone. Its gates follow from its inputs and weights:

    LSTM   i, f, o = σ(Wx + Uh + b)   g = tanh(Wx + Uh + b)   c = f·c + i·g   h = o·tanh(c)
    GRU    r, z = σ(Wx + b + Uh + d)   n = tanh(Wx + b + r·(Uh + d))   h = (1 − z)·n + z·h
    RNN    h = tanh(Wx + Uh + b), or a ReLU of it

MXNet's and PyTorch's operators both keep the gates in these orders: i, f, g, o and r, z, n.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from vizframe.network import FloatArray

Gates = dict[str, FloatArray]
"""What each part of a layer does, (input, time, unit), by its name."""

GATES: Mapping[int, tuple[str, ...]] = {
    4: ("input_gate", "forget_gate", "candidate", "output_gate"),
    3: ("reset_gate", "update_gate", "candidate"),
    1: ("hidden",),
}
"""By how many times as many rows as units a layer's weights have, in the order of these rows."""

_MXNET = re.compile(r"(?:([lr])(\d+)_)?(i2h|h2h|h2r)_(weight|bias)$")
_TORCH = re.compile(r"(weight|bias)_(ih|hh|hr)_l(\d+)(_reverse)?$")


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """The weights of one layer in one direction.

    Attributes:
        inputs: what it reads the inputs with, (gate·unit, input), and their bias.
        hidden: what it reads its own output with, (gate·unit, output), and their bias.
        projection: (output, unit), of what makes its output smaller; None where it has none.
    """

    inputs: FloatArray
    inputs_bias: FloatArray
    hidden: FloatArray
    hidden_bias: FloatArray
    projection: FloatArray | None = None

    @property
    def units(self) -> int:
        return self.hidden.shape[1] if self.projection is None else self.projection.shape[1]

    @property
    def gates(self) -> int:
        """How many parts its rows have: 4 of an LSTM, 3 of a GRU, 1 of a plain RNN."""
        return self.inputs.shape[0] // self.units


Stack = list[list[Weights]]
"""The layers above one another, each in one direction or two."""


def stack_of(parameters: Mapping[str, FloatArray]) -> Stack | None:
    """A layer's own parameters in order; None where they are not those of a recurrent layer whose
    arithmetic is known."""
    found: dict[tuple[int, int], dict[str, FloatArray]] = {}
    for name, values in parameters.items():
        place = _place(name)
        if place is not None:
            depth, direction, role = place
            found.setdefault((depth, direction), {})[role] = values
    if not found:
        return None
    depths = 1 + max(depth for depth, _ in found)
    directions = 1 + max(direction for _, direction in found)
    try:
        made = [[_weights(found[d, r]) for r in range(directions)] for d in range(depths)]
    except KeyError:
        return None
    known = all(each.gates in GATES for row in made for each in row)
    return made if known else None


def _place(name: str) -> tuple[int, int, str] | None:
    """The layer, the direction and the role of a parameter, by MXNet's names or PyTorch's."""
    if found := _MXNET.search(name):
        way, depth, what, kind = found.groups()
        return int(depth or 0), int(way == "r"), f"{what[0]}{what[-1]} {kind}"
    if found := _TORCH.search(name):
        kind, what, depth, turned = found.groups()
        role = {"ih": "ih", "hh": "hh", "hr": "hr"}[what]
        return int(depth), int(bool(turned)), f"{role} {kind}"
    return None


def _weights(parts: Mapping[str, FloatArray]) -> Weights:
    inputs, hidden = parts["ih weight"], parts["hh weight"]
    none = np.zeros(len(inputs), np.float32)
    return Weights(
        inputs,
        parts.get("ih bias", none),
        hidden,
        parts.get("hh bias", none),
        parts.get("hr weight"),
    )


def replay(
    inputs: FloatArray, stack: Stack, states: tuple[FloatArray, ...] = (), *, relu: bool = False
) -> list[Gates]:
    """What every part of every layer does, from the lowest layer up.

    Args:
        inputs: (input, time, feature).
        states: what the layers begin with, hidden and, of an LSTM, cell, each (layer · direction,
            input, unit); zeros where they are left out.
        relu: whether a plain RNN ends in a ReLU.

    Returns:
        For each layer its ``hidden`` and gates, and of an LSTM its ``cell``; the directions lie
        beside one another along the units.
    """
    made, given = list[Gates](), inputs
    directions = len(stack[0])
    for depth, row in enumerate(stack):
        both = []
        for direction, weights in enumerate(row):
            begin = tuple(state[depth * directions + direction] for state in states)
            turned = given[:, ::-1] if direction else given
            gates = _run(turned, weights, begin, relu)
            both.append({n: g[:, ::-1] for n, g in gates.items()} if direction else gates)
        layer = {name: np.concatenate([each[name] for each in both], axis=2) for name in both[0]}
        made.append(layer)
        given = layer.pop("output", layer["hidden"])
    return made


def _run(inputs: FloatArray, weights: Weights, begin: tuple[FloatArray, ...], relu: bool) -> Gates:
    """One layer in one direction."""
    count, steps, features = inputs.shape
    rows = inputs.reshape(-1, features) @ weights.inputs.T + weights.inputs_bias
    read = rows.reshape(count, steps, -1).transpose(1, 0, 2)
    width = weights.hidden.shape[1]
    hidden = begin[0] if begin else np.zeros((count, width), np.float32)
    match weights.gates:
        case 4:
            cell = begin[1] if len(begin) > 1 else np.zeros((count, weights.units), np.float32)
            every = list(_lstm(read, weights, hidden, cell))
        case 3:
            every = list(_gru(read, weights, hidden))
        case _:
            every = list(_plain(read, weights, hidden, relu))
    return {name: np.stack([each[name] for each in every], axis=1) for name in every[0]}


def _lstm(
    read: FloatArray, weights: Weights, hidden: FloatArray, cell: FloatArray
) -> Iterator[Gates]:
    for row in read:
        whole = row + hidden @ weights.hidden.T + weights.hidden_bias
        enter, keep, candidate, leave = np.split(whole, 4, axis=1)
        enter, keep, leave = sigmoid(enter), sigmoid(keep), sigmoid(leave)
        candidate = np.tanh(candidate)
        cell = keep * cell + enter * candidate
        shown = hidden = leave * np.tanh(cell)
        parts = dict(zip(GATES[4], (enter, keep, candidate, leave), strict=True))
        if weights.projection is not None:
            hidden = shown @ weights.projection.T
            parts["output"] = hidden
        yield {"cell": cell, "hidden": shown, **parts}


def _gru(read: FloatArray, weights: Weights, hidden: FloatArray) -> Iterator[Gates]:
    for row in read:
        own = hidden @ weights.hidden.T + weights.hidden_bias
        reset, update, candidate = np.split(row, 3, axis=1)
        own_reset, own_update, own_candidate = np.split(own, 3, axis=1)
        reset, update = sigmoid(reset + own_reset), sigmoid(update + own_update)
        candidate = np.tanh(candidate + reset * own_candidate)
        hidden = (1 - update) * candidate + update * hidden
        parts = dict(zip(GATES[3], (reset, update, candidate), strict=True))
        yield {"hidden": hidden, **parts}


def _plain(read: FloatArray, weights: Weights, hidden: FloatArray, relu: bool) -> Iterator[Gates]:
    for row in read:
        whole = row + hidden @ weights.hidden.T + weights.hidden_bias
        hidden = np.maximum(whole, 0) if relu else np.tanh(whole)
        yield {"hidden": hidden}


def sigmoid(values: FloatArray) -> FloatArray:
    """1 / (1 + e^−x), without an overflow."""
    found: FloatArray = np.float32(0.5) * (np.float32(1) + np.tanh(np.float32(0.5) * values))
    return found
