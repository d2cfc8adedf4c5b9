"""Damaged tiles of a series, looked for a little at a time: only reading a tile tells.

    opened ──► 30 ms of looking, evenly over the steps ──► marks on the slider
         ──► 30 ms more when the page asks again ──► … until all steps were looked at

So nobody who moves the slider waits for it. A run of many gigabytes is not read as a whole, nor one
that is slow to read.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from vizframe.errors import HistoryError
from vizframe.history import History, SeriesKey
from vizframe.webapp.request import RequestedSeries

SECONDS = 0.03
"""Of looking, at each request."""

MOST = 1 << 30
"""Bytes of a series that are looked at; of a longer one the steps between stay unseen."""

SLOW = 3
"""Steps in a row that took longer than that, after which no more are looked at: on a busy machine
some do, on a disk far away all."""


@dataclass(eq=False)
class Damage:
    """How many tiles of each step of a run's series are damaged, as far as they were looked at."""

    _counts: dict[SeriesKey, dict[int, int]] = field(default_factory=dict)
    _bytes: Counter[SeriesKey] = field(default_factory=Counter)
    _slow: Counter[SeriesKey] = field(default_factory=Counter)

    def look(self, asked: RequestedSeries, seconds: float = SECONDS) -> tuple[dict[int, int], int]:
        """Look at more steps, if there is time: the damaged tiles of each step that has some, and
        how many steps are still to be looked at."""
        key = asked.declaration.key
        counts = self._counts.setdefault(key, {})
        until = time.monotonic() + seconds
        unseen = [step for step in asked.history.series_steps(key) if step not in counts]
        for step in spread(unseen):
            begun = time.monotonic()
            if begun >= until or self._gives_up(key):
                break
            counts[step], size = count_damaged(asked.history, key, step)
            self._bytes[key] += size
            # A disk far away: the pictures come first.
            is_slow = time.monotonic() - begun > SECONDS
            self._slow[key] = self._slow[key] + 1 if is_slow else 0
        left = 0 if self._gives_up(key) else sum(step not in counts for step in unseen)
        return {step: count for step, count in sorted(counts.items()) if count}, left

    def _gives_up(self, key: SeriesKey) -> bool:
        return self._slow[key] >= SLOW or self._bytes[key] > MOST


def count_damaged(history: History, key: SeriesKey, step: int) -> tuple[int, int]:
    """The damaged tiles of a step, and the bytes that were read."""
    try:
        tiles = history.tiles(key, step)
    except HistoryError:  # said when the step itself is looked at
        return 0, 0
    return int(np.count_nonzero(tiles.missing)), tiles.stored.nbytes


def spread(steps: Sequence[int]) -> Iterator[int]:
    """All of them, every 64th first, then those between: wherever damage is, it is met soon."""
    stride = 64
    seen: set[int] = set()
    while stride:
        for step in steps[::stride]:
            if step not in seen:
                seen.add(step)
                yield step
        stride //= 2
