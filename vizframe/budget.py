"""A budget: how much of the training's time recording may take.

    share = seconds spent recording ÷ seconds spent training

The very first recording is always made, since the weights it shows are gone afterwards. What it
cost (compiling, mostly) is a debt that training works off before the next one: a recording is made
when the training done so far pays for all past recordings and for one more.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from vizframe.errors import UsageError

Clock = Callable[[], float]

_PERCENT = re.compile(r"\s*(\d+(?:\.\d+)?)\s*%\s*")


def share_of(budget: float | str) -> float:
    """The share that ``"5%"`` or ``0.05`` means.

    Raises:
        UsageError: it is not above 0, or has no percent sign.
    """
    match = _PERCENT.fullmatch(budget) if isinstance(budget, str) else None
    share = float(match[1]) / 100 if match else budget
    if isinstance(share, str) or not 0 < share < float("inf"):
        raise UsageError(f"budget is {budget!r}; it can be a percentage above 0, such as '5%'")
    return share


class Budget:
    """Measures recording against training, and says when the next recording can be afforded.

    Attributes:
        share: the most that recording may take of the training's time; None for no limit.
        recording: seconds spent recording so far.
        last: seconds that the latest recording took.
    """

    def __init__(self, share: float | None = None, clock: Clock = time.perf_counter) -> None:
        self.share = share
        self.recording = 0.0
        self.last = 0.0
        self._clock = clock
        self._started = clock()
        self._recordings = 0

    @property
    def training(self) -> float:
        """Seconds since the start that were not spent recording."""
        return self._clock() - self._started - self.recording

    @property
    def spent(self) -> float:
        """The share that recording has taken so far; 0 before any training."""
        training = self.training
        return self.recording / training if training > 0 else 0.0

    def affords_another(self) -> bool:
        """Whether one more recording, as expensive as the latest, stays within the share."""
        if self.share is None or not self._recordings:
            return True
        return self.recording + self.last <= self.share * self.training

    def numbers(self) -> dict[str, float]:
        """What recording has cost, by name; nothing before it has cost anything."""
        if not self._recordings:
            return {}
        return {"recorder/share": self.spent, "recorder/seconds": self.last}

    @contextmanager
    def charged(self) -> Iterator[None]:
        """Count the time spent inside as recording, also when it fails."""
        started = self._clock()
        try:
            yield
        finally:
            self.recording += self._clock() - started

    @contextmanager
    def measured(self) -> Iterator[None]:
        """Likewise, as one recording, by which the cost of the next is estimated."""
        before = self.recording
        try:
            with self.charged():
                yield
        finally:
            self.last = self.recording - before
            self._recordings += 1
