"""What segments say about steps, in order: where a series' frames are, or a curve's numbers.

Two segments may say something of one step, when two writers recorded it, or one that was started
again. Both stay in the table, so that either can go; the one that was committed later is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from vizframe.store.read.growing import Growing

Ints = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.integer[Any]]
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


class Told(NamedTuple):
    """Some entries: of each its step, when that was committed, the number of its segment, and what
    is said: the row of a frame, or a number."""

    steps: Ints
    times: Floats
    segments: Numbers
    said: npt.NDArray[np.generic]

    @classmethod
    def together(cls, parts: Sequence[Told]) -> Told:
        return cls(*map(np.concatenate, zip(*parts, strict=True)))

    def taken(self, which: Mask | Ints | slice) -> Told:
        return Told(self.steps[which], self.times[which], self.segments[which], self.said[which])


class Gone(NamedTuple):
    """Segments that are no longer there."""

    which: Mask
    """By number."""
    low: int
    """The lowest of their steps."""


@dataclass(frozen=True, slots=True, eq=False)
class Entries:
    """A table in order of step, then of time, then of the segments. Immutable."""

    _steps: Growing[np.int64]
    _times: Growing[np.float64]
    _segments: Growing[np.int32]
    _said: Growing[np.generic]
    is_distinct: bool = True
    """Whether no step is there twice."""

    @classmethod
    def none(cls, dtype: type[np.generic]) -> Entries:
        steps, segments = np.empty(0, np.int64), np.empty(0, np.int32)
        said: npt.NDArray[np.generic] = np.empty(0, dtype)
        return cls(Growing(steps), Growing(np.empty(0)), Growing(segments), Growing(said))

    @property
    def all(self) -> Told:
        return Told(
            self._steps.values, self._times.values, self._segments.values, self._said.values
        )

    @property
    def shown(self) -> Told:
        """Of each step the last entry."""
        told = self.all
        if self.is_distinct:
            return told
        return told.taken(np.flatnonzero(np.append(np.diff(told.steps) != 0, True)))

    def changed(self, gone: Gone, fresh: Sequence[Told], position: Ints) -> Entries:
        """Without what segments said that are gone, and with what is new.

        Only what stands behind the first step of these is put in order again.

        Args:
            gone: which segments, by their numbers.
            fresh: in order of the segments.
            position: of each segment among the others, by its number.
        """
        told = self.all
        keep = len(told.steps)
        if fresh:
            keep = int(told.steps.searchsorted(min(each.steps.min() for each in fresh)))
        if len(gone.which):
            keep = self._first_gone(gone, keep)
        tail = told.taken(slice(keep, None))
        if len(gone.which):
            tail = tail.taken(~gone.which[tail.segments])
        if keep == len(told.steps) and not fresh:
            return self
        return self._replaced(keep, _sorted(Told.together([tail, *fresh]), position))

    def _first_gone(self, gone: Gone, keep: int) -> int:
        """The place of the first entry of a segment that is gone, or before which all stays."""
        told = self.all
        low = int(told.steps.searchsorted(gone.low))
        if low >= keep:
            return keep
        hit = gone.which[told.segments[low:keep]]
        if not hit.any():
            return keep
        return int(told.steps.searchsorted(told.steps[low + int(hit.argmax())]))

    def _replaced(self, keep: int, told: Told) -> Entries:
        steps = self._steps.replaced(keep, told.steps)
        around = steps.values[max(0, keep - 1) :]
        return Entries(
            steps,
            self._times.replaced(keep, told.times),
            self._segments.replaced(keep, told.segments.astype(np.int32)),
            self._said.replaced(keep, told.said),
            self._is_distinct_to(keep) and bool((np.diff(around) > 0).all()),
        )

    def _is_distinct_to(self, keep: int) -> bool:
        return self.is_distinct or bool((np.diff(self._steps.values[:keep]) > 0).all())


def _sorted(told: Told, position: Ints) -> Told:
    """In order; as it is where it is in order already."""
    if (np.diff(told.steps) > 0).all():
        return told
    return told.taken(np.lexsort((position[told.segments], told.times, told.steps)))
