"""A schedule: at which steps of the training something is recorded.

    100          every 100 steps            2 epochs    every second epoch
    30 seconds   every half minute          log         1, 2, 3, 4, 6, 8, 10, 13, … 10 per decade

The first step that a schedule sees is always due, so that every series shows where it began.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from vizframe.errors import UsageError

Every = Literal["steps", "epochs", "seconds", "decade"]

_UNITS: dict[str, tuple[Every, float]] = {
    **dict.fromkeys(("", "step", "steps"), ("steps", 1.0)),
    **dict.fromkeys(("epoch", "epochs"), ("epochs", 1.0)),
    **dict.fromkeys(("s", "second", "seconds"), ("seconds", 1.0)),
    **dict.fromkeys(("m", "min", "minute", "minutes"), ("seconds", 60.0)),
    **dict.fromkeys(("h", "hour", "hours"), ("seconds", 3600.0)),
}

_TEXT = re.compile(r"\s*(\d+(?:\.\d+)?)?\s*([a-z]*)\s*", re.IGNORECASE)
_LOG = re.compile(r"\s*log(?:\s*:\s*(\d+))?\s*", re.IGNORECASE)

ALLOWED = "a number of steps such as 100, or '2 epochs', '30 seconds', 'log'"


@dataclass(frozen=True, slots=True)
class Moment:
    """Where the training is.

    Attributes:
        step: optimiser updates done so far.
        epoch: how many epochs are complete, possibly fractional; None where nobody knows.
        time: seconds, of any clock that only moves on.
    """

    step: int
    epoch: float | None = None
    time: float = 0.0


@dataclass(slots=True)
class Schedule:
    """Says whether a moment is due: whether it crossed into the next interval.

    It remembers the interval it was last asked about, so that steps may be skipped: a schedule of
    10 that sees 1, 9, 14 and 31 is due at 1, 14 and 31.

    Attributes:
        amount: how many of ``unit`` lie between two recordings; for ``decade``, how many
            recordings lie between step n and step 10 n.
        unit: what is counted.
    """

    amount: float
    unit: Every = "steps"
    _interval: int | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        if not (math.isfinite(self.amount) and self.amount > 0):
            raise UsageError(f"every is {self.amount!r}; it can be {ALLOWED}, above 0")

    @classmethod
    def of(cls, every: int | float | str | Schedule) -> Schedule:
        """The schedule that a number, or a text of a command line or file, means.

        >>> Schedule.of("30 s").amount, Schedule.of("30 s").unit
        (30.0, 'seconds')

        Raises:
            UsageError: it means none.
        """
        if isinstance(every, Schedule):
            return cls(every.amount, every.unit)
        if isinstance(every, (int, float)):
            return cls(float(every))
        if match := _LOG.fullmatch(every):
            return cls(float(match[1] or 10), "decade")
        match = _TEXT.fullmatch(every)
        if match is None or match[2].lower() not in _UNITS or not any(match.groups()):
            raise UsageError(f"every is {every!r}; it can be {ALLOWED}")
        unit, scale = _UNITS[match[2].lower()]
        return cls(float(match[1] or 1) * scale, unit)

    def due(self, moment: Moment) -> bool:
        """Whether this moment lies in another interval than the one asked about before."""
        interval = self._at(moment)
        crossed = self._interval is None or interval > self._interval
        self._interval = interval
        return crossed

    def _at(self, moment: Moment) -> int:
        if self.unit == "steps":
            return math.floor(moment.step / self.amount)
        if self.unit == "epochs":
            return math.floor((moment.epoch or 0.0) / self.amount + 1e-9)  # 0.1 + 0.2 is not 0.3
        if self.unit == "seconds":
            return math.floor(moment.time / self.amount)
        if moment.step < 1:
            return -1
        return math.floor(math.log10(moment.step) * self.amount + 1e-9)  # log10(1000) is 2.999…6


class Rhythms:
    """The schedules of several plugins; plugins of one schedule are asked about together.

    Attributes:
        in_epochs: whether any of them counts epochs.
    """

    def __init__(self, schedules: Mapping[str, Schedule]) -> None:
        shared: dict[tuple[float, Every], set[str]] = {}
        for label, each in schedules.items():
            shared.setdefault((each.amount, each.unit), set()).add(label)
        self._shared = [(Schedule(*each), labels) for each, labels in shared.items()]
        self.in_epochs = any(unit == "epochs" for _, unit in shared)

    def due(self, moment: Moment) -> set[str]:
        """The labels whose schedule asks for this moment."""
        found: set[str] = set()
        for each, labels in self._shared:
            if each.due(moment):
                found |= labels
        return found
