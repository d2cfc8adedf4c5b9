"""A network of plain squares, whose gradients can be told by hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from vizframe.network import FloatArray, Gradient, Objective, ReluRule
from vizframe.testing.reference import Dense, Flatten, ReferenceNetwork
from vizframe.testing.reference_ops import Operation, Plain, Signal


@dataclass(frozen=True, eq=False)
class Square(Plain):
    """x², by which integrals and differences are known."""

    operator: ClassVar[str] = "square"

    def forward(self, given: Signal) -> Signal:
        return given**2

    def backward(self, signal: Signal, given: Signal, rule: ReluRule) -> Signal:
        return 2 * given * signal


class Squares(ReferenceNetwork):
    """S_c(x) = Σ_i w_ci · x_i² + b_c, with ∂S_c / ∂x_i = 2 · w_ci · x_i; notes what it is asked.

    Attributes:
        weight: (classes, channel, y, x).
        bias: (classes,).
        asked: the number of images of every question, in order.
        places: of every gradient.
    """

    def __init__(
        self, weight: FloatArray, bias: FloatArray, names: tuple[str, ...] | None = None
    ) -> None:
        self.weight, self.bias = weight, bias
        self.asked: list[int] = []
        self.places: list[object] = []
        operations: dict[str, Operation] = {
            "square": Square(),
            "flat": Flatten(),
            "scores": Dense(weight.reshape(len(weight), -1), bias),
        }
        super().__init__(operations, weight.shape[1:], class_names=names, room=4 * 4)

    def scores(self, images: FloatArray) -> FloatArray:
        self.asked.append(len(images))
        return super().scores(images)

    def gradient(
        self,
        images: FloatArray,
        objective: Objective,
        *,
        rule: ReluRule = "plain",
        at: str | None = None,
    ) -> Gradient:
        self.asked.append(len(images))
        self.places.append(objective.place)
        return super().gradient(images, objective, rule=rule, at=at)


def squares(seed: int = 0, names: tuple[str, ...] | None = None) -> Squares:
    """Three classes of random weights on two channels of 4×5 pixels."""
    draw = np.random.default_rng(seed)
    weight = draw.standard_normal((3, 2, 4, 5)).astype(np.float32)
    return Squares(weight, draw.standard_normal(3).astype(np.float32), names)


def images(count: int = 6, seed: int = 1) -> FloatArray:
    return np.random.default_rng(seed).random((count, 2, 4, 5)).astype(np.float32)
