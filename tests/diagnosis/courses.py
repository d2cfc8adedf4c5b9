"""Courses of trainings made by hand, for the tests of rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from vizframe.diagnosis.course import (
    Course,
    LayerReading,
    Opening,
    ParameterReading,
    Pulse,
    Reading,
)

NAIVE = float(np.log(4))
"""The naive loss of `course`: four classes, as often each."""


def parameter(**changed: object) -> ParameterReading:
    """A kernel that is well, but for what is changed."""
    usual: dict[str, object] = {
        "layer": "dense0",
        "size": 100,
        "kernel": True,
        "trained": True,
        "weight": 1.0,
        "gradient": 0.1,
        "update": 0.001,
        "zeros": 0.0,
        "bad": 0,
        "alike": False,
    }
    return ParameterReading(**{**usual, **changed})  # type: ignore[arg-type]


def layer(**changed: object) -> LayerReading:
    """A dense layer with a ReLU that is well, but for what is changed."""
    usual: dict[str, object] = {
        "kind": "dense",
        "operator": "dense + relu",
        "units": 10,
        "mean": 0.5,
        "deviation": 1.0,
        "varying": 1.0,
        "silent": (),
        "saturated": None,
        "bad": 0,
    }
    return LayerReading(**{**usual, **changed})  # type: ignore[arg-type]


Parameters = Callable[[int], Mapping[str, ParameterReading]]
Layers = Callable[[int], Mapping[str, LayerReading]]


def course(
    loss: Callable[[int], float],
    steps: int = 300,
    *,
    parameters: Parameters = lambda _step: {"dense0.weight": parameter()},
    layers: Layers = lambda _step: {"dense0": layer()},
    outputs: np.ndarray | None = None,  # type: ignore[type-arg]
) -> Course:
    """A training of four classes with this loss at each step, read every ten."""
    draw = np.random.default_rng(0)
    made = Course()
    classes = (np.arange(32) % 4).astype(np.float32)
    scores = draw.normal(size=(32, 4)).astype(np.float32) if outputs is None else outputs
    wide = scores.astype(np.float64)
    first = np.log(np.exp(wide).sum(1)) - wide[np.arange(32), classes.astype(int)]
    inputs = draw.normal(size=(32, 8)).astype(np.float32)
    made.open(Opening(inputs, classes, scores, float(first.mean())))
    for step in range(1, steps + 1):
        made.labels.add(draw.permutation(classes))
        made.feel(Pulse(step, loss(step), {"dense0.weight": 0.1}))
        if step in (1, 2, 3, 5) or step % 10 == 0:
            made.read(Reading(step, parameters(step), layers(step)))
    return made


def noise(step: int) -> float:
    """The same small noise each time, without a trend."""
    return 0.05 * float(np.sin(step * 12.9898) * np.cos(step * 78.233))


def learning(step: int) -> float:
    """A loss that falls to a tenth."""
    return NAIVE * max(0.1, 1 - step / 200) + noise(step) * 0.1


def standing(step: int) -> float:
    """A loss that stays at the naive one."""
    return NAIVE + noise(step)
