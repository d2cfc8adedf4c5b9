"""What one method of attribution made, as a frame: its maps, its numbers, what must be said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from vizframe.attribution.target import Target, are_probabilities
from vizframe.network import FloatArray
from vizframe.plugin.column import Column
from vizframe.plugin.control import LIKENESS
from vizframe.plugin.frame import Frame
from vizframe.wording import listed

COLUMNS: Mapping[str, str | Column] = {
    "class": Column("The class that is explained.", role="class"),
    "score": Column("Its score, before the softmax.", role="score"),
    "probability": Column(
        "Its probability, of a network whose scores before the softmax cannot be found.",
        role="score",
    ),
    "likeness": LIKENESS,
}
"""The numbers beside every explanation of a class."""

SMALL, LARGE = 1e-30, 1e37
"""What a map's largest value lies between, so that single precision keeps its small ones, too."""


@dataclass(frozen=True, slots=True, eq=False)
class MethodResult:
    """What a method made, with what it says beside class and score."""

    values: FloatArray
    columns: Mapping[str, FloatArray] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @classmethod
    def of_any_size(
        cls, values: npt.NDArray[np.float64], notes: tuple[str, ...] = ()
    ) -> MethodResult:
        """Maps of any size, (probe, …): where single precision cannot hold them, in units of
        their largest value, and said so."""
        axes = tuple(range(1, values.ndim))
        largest = np.abs(values).max(axis=axes, keepdims=True, initial=0)
        beyond = (largest > 0) & ((largest < SMALL) | (largest > LARGE)) & np.isfinite(largest)
        fitted = (values / np.where(beyond, largest, 1)).astype(np.float32)
        images = np.flatnonzero(beyond.reshape(len(values), -1).any(axis=1)).tolist()
        note = (
            f"Too large or too small for single precision, and so in units of the largest value: "
            f"{listed('image', images)}"
        )
        return cls(fitted, notes=(*notes, note) if images else notes)

    def frame(self, layer: str, part: str, explained: Target) -> Frame:
        columns = {
            "class": explained.classes.astype(np.float32),
            "probability" if are_probabilities(explained.network) else "score": explained.scores,
            **self.columns,
        }
        return Frame(layer, self.values, part, columns=columns, notes=self.notes)


def describe_empty(values: FloatArray | npt.NDArray[np.float64], what: str) -> tuple[str, ...]:
    """What is to be said of the images whose map, (probe, …), is zero everywhere."""
    empty = np.flatnonzero((values == 0).all(axis=tuple(range(1, values.ndim))))
    return (f"{what} {listed('image', empty.tolist())}",) if empty.size else ()
