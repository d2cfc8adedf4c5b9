"""A network that reads texts without any framework: its states are what a test says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from vizframe.network import FloatArray, Network
from vizframe.network.layer import Layer
from vizframe.network.probe import Probe
from vizframe.plugin import Scene
from vizframe.testing.text_runs import text_probe

AnyFloats = npt.NDArray[np.floating[Any]]


class Reader:
    """One recurrent layer ``rnn`` whose output is given."""

    def __init__(self, states: FloatArray) -> None:
        self.states = states
        shape = states.shape[1:]
        weights = {"weight": (shape[1], 1)}
        self.layers = (
            Layer("rnn", "RNN", shape, shape[1], weights, kind="recurrent", axes=("time", "unit")),
        )

    def layer(self, name: str) -> Layer:
        return {each.name: each for each in self.layers}[name]

    def activations(self, images: FloatArray, names: Sequence[str]) -> Mapping[str, FloatArray]:
        return {name: self.states[: len(images)] for name in names}


def reading(texts: Sequence[Sequence[str]], states: AnyFloats, step: int = 0) -> Scene:
    """Texts, and states of (text, time, unit)."""
    return reading_of(text_probe(texts), states, step)


def reading_of(probe: Probe, states: AnyFloats, step: int = 0) -> Scene:
    reader = Reader(np.asarray(states, np.float32))
    return Scene(cast(Network, reader), reader.layers, probe, step)
