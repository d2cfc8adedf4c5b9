"""The range of a series over its whole history, so that no colour flickers while the slider moves.

Reading every step of a long run would take minutes, so a sample of the steps is looked at: always
the same ones while a run grows, each only once.

    12 steps, 4 looked at      o . . o . . o . . o . .      every 3rd, counted from the first
    13 more                    o . . . . . o . . . . . o …  every 6th: half of them known already
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from vizframe.errors import HistoryError
from vizframe.history import Declaration, History, SeriesKey
from vizframe.images.limits import Limits, common_limits
from vizframe.network import FloatArray

SAMPLES = 24
"""Steps looked at, at least half as many once the run has them."""

PERCENT = 99.0


@dataclass(eq=False)
class Extents:
    """What is known of the extremes of a run's series."""

    _known: dict[SeriesKey, dict[int, tuple[FloatArray, FloatArray]]] = field(default_factory=dict)

    def of(self, history: History, declaration: Declaration) -> Limits:
        """One pair of limits for all tiles of all steps: the 99th percentile of their extremes."""
        if declaration.value_range is not None and declaration.encoding == "uint8":
            low, high = declaration.value_range
            ends = np.asarray(low, np.float32), np.asarray(high, np.float32)
            return Limits(*ends, signed=declaration.signed)
        known = self._known.setdefault(declaration.key, {})
        steps = sample_steps(history.series_steps(declaration.key))
        for step in steps:
            if step not in known:
                known[step] = _extremes(history, declaration, step)
        lows, highs = zip(*(known[step] for step in steps), strict=True)
        return common_limits(
            np.concatenate(lows), np.concatenate(highs), signed=declaration.signed, percent=PERCENT
        )


def sample_steps(steps: Sequence[int]) -> Sequence[int]:
    """At most `SAMPLES` of the steps, evenly spread, and stable while steps are added."""
    stride = 1
    while len(steps) > SAMPLES * stride:
        stride *= 2
    return steps[::stride]


def _extremes(
    history: History, declaration: Declaration, step: int
) -> tuple[FloatArray, FloatArray]:
    try:
        tiles = history.tiles(declaration.key, step)
    except HistoryError:  # said when the step itself is looked at
        return np.empty(0, np.float32), np.empty(0, np.float32)
    known = ~tiles.missing
    return tiles.low[known].ravel(), tiles.high[known].ravel()
