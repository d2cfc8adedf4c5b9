"""A number for each segment that a reader has seen, and what has come and gone since when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from vizframe.store.format.names import LARGEST_STEP
from vizframe.store.read.entries import Gone
from vizframe.store.read.segment import Segment

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

LONGEST = 16
"""Looks back to which is remembered what came and went; an older table is made anew."""

SPARSEST = 1 << 12
"""Numbers that may have been given to segments that are gone."""


@dataclass(frozen=True, eq=False)
class Change:
    """From one moment to another one."""

    fresh: Mapping[int, Segment]
    """What has come, by number."""
    gone: Gone
    """What has gone; without any entry where nothing has."""
    count: int
    """All numbers that were given."""

    @property
    def is_any(self) -> bool:
        return bool(self.fresh) or len(self.gone.which) > 0

    @cached_property
    def is_fresh(self) -> Mask:
        """By number."""
        mask = np.zeros(self.count, np.bool_)
        mask[np.fromiter(self.fresh, np.int64, len(self.fresh))] = True
        return mask


@dataclass(frozen=True, slots=True)
class _Step:
    """One look's news."""

    came: tuple[int, ...]
    went: tuple[int, ...]
    low: int
    """The lowest step of what went."""


NO_SEGMENT_GONE = Gone(np.empty(0, np.bool_), 0)


@dataclass(frozen=True, eq=False)
class Numbering:
    """Of the segments at one moment. Immutable.

    Attributes:
        segments: by number.
        moment: counts the looks at which something was new; 0 before the first.
    """

    segments: Mapping[int, Segment] = field(default_factory=dict)
    moment: int = 0
    _numbers: Mapping[Segment, int] = field(default_factory=dict)
    """In order of the segments."""
    _count: int = 0
    _log: tuple[_Step, ...] = ()
    _changes: dict[int, Change | None] = field(default_factory=dict)
    """Those that were asked for: many tables are of one moment."""

    def after(self, segments: Sequence[Segment]) -> Numbering:
        """With what is new, and without what is gone."""
        count = self._count
        numbers: dict[Segment, int] = {}
        came: list[int] = []
        for segment in segments:
            number = self._numbers.get(segment)
            if number is None:
                number = count
                came.append(number)
                count += 1
            numbers[segment] = number
        gone = self._numbers.keys() - numbers.keys()
        low = min((int(segment.steps["step"][0]) for segment in gone), default=LARGEST_STEP)
        news = _Step(tuple(came), tuple(self._numbers[segment] for segment in gone), low)
        by_number = {number: segment for segment, number in numbers.items()}
        log = (*self._log[-LONGEST + 1 :], news)
        return Numbering(by_number, self.moment + 1, numbers, count, log)

    @property
    def is_sparse(self) -> bool:
        """Whether so many segments are gone that they are better numbered anew."""
        return self._count > 2 * len(self.segments) + SPARSEST

    @cached_property
    def position(self) -> Ints:
        """Where each segment stands among the others, by number."""
        position = np.zeros(self._count, np.int64)
        position[np.fromiter(self._numbers.values(), np.int64, len(self._numbers))] = np.arange(
            len(self._numbers)
        )
        return position

    @cached_property
    def whole(self) -> Change:
        """Everything, as seen from where nothing was."""
        in_order = {number: segment for segment, number in self._numbers.items()}
        return Change(in_order, NO_SEGMENT_GONE, self._count)

    def change_since(self, moment: int) -> Change | None:
        """What is new since then; None where that is not known any more."""
        if moment not in self._changes:
            self._changes[moment] = self._find_change(moment) if moment else self.whole
        return self._changes[moment]

    def _find_change(self, moment: int) -> Change | None:
        looks = self.moment - moment
        if looks > len(self._log):
            return None
        steps = self._log[len(self._log) - looks :]
        came = [number for step in steps for number in step.came]
        # What came and went meanwhile was never known.
        went = {number for step in steps for number in step.went} - set(came)
        fresh = {number: self.segments[number] for number in came if number in self.segments}
        if not went:
            return Change(fresh, NO_SEGMENT_GONE, self._count)
        which = np.zeros(self._count, np.bool_)
        which[list(went)] = True
        return Change(fresh, Gone(which, min(step.low for step in steps)), self._count)
