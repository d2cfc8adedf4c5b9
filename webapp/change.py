"""How much each unit changed between two steps, and by which step most of its change was done.

A tile's change is the root mean square of the difference of its values; over a whole history, the
changes from one looked-at step to the next are added up:

    share of the change    0 ─────── ½ ──────────── 0.9 ── 1
    step                   0         120            700    2000
                                     half           most
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from vizframe.errors import UsageError
from vizframe.network import FloatArray
from vizframe.webapp.numbers import plain
from vizframe.webapp.request import RequestedSeries
from vizframe.webapp.value_range import sample_steps

HALF, MOST = 0.5, 0.9


def between(asked: RequestedSeries, step: int, since: int) -> Mapping[str, object]:
    """The change of every tile that was asked for, float64 of shape (tiles,).

    Raises:
        UsageError: the two steps have tiles of other shapes.
    """
    now, then = _values(asked, step), _values(asked, since)
    if now.shape != then.shape:
        raise UsageError(
            f"step {since} has tiles of another shape than step {step}; they cannot be compared"
        )
    return {"step": step, "since": since, "change": plain(_distance(now, then))}


def formed(asked: RequestedSeries) -> Mapping[str, object]:
    """Of every tile, the step by which half of its change was done, and the one by which nine
    tenths were; NaN for a tile that never changed. Only some of a long history's steps are read.
    """
    steps, moves = moves_of(asked)
    done = np.cumsum(moves, axis=0)
    return {
        "half": plain(_step_of(done, HALF, steps)),
        "most": plain(_step_of(done, MOST, steps)),
        "looked_at": len(steps),
    }


def moves_of(asked: RequestedSeries) -> tuple[Sequence[int], npt.NDArray[np.float64]]:
    """The steps that are looked at, and how far each tile went from each of them to the next,
    (steps − 1, tiles)."""
    recorded = list(asked.history.series_steps(asked.declaration.key))
    looked_at = list(dict.fromkeys([*sample_steps(recorded), recorded[-1]]))
    steps, moves, before = [looked_at[0]], [], _values(asked, looked_at[0])
    for step in looked_at[1:]:
        now = _values(asked, step)
        if now.shape == before.shape:  # a layer that has another size began anew
            steps.append(step)
            moves.append(_distance(now, before))
            before = now
    return steps, np.stack(moves) if moves else np.zeros((0, len(before)))


def _step_of(
    done: npt.NDArray[np.float64], share: float, steps: Sequence[int]
) -> npt.NDArray[np.float64]:
    """The first step at which this share of the whole change is reached."""
    if not len(done):
        return np.full(done.shape[1], np.nan)
    total = done[-1]
    reached = np.argmax(done >= share * total, axis=0)
    found = np.asarray(steps, np.float64)[1 + reached]
    return np.where((total > 0) & np.isfinite(total), found, np.nan)


def _values(asked: RequestedSeries, step: int) -> FloatArray:
    """The tiles that were asked for, (tiles, values of each)."""
    tiles = asked.history.tiles(asked.declaration.key, step, asked.leading)
    values = tiles.values()[asked.where[len(asked.leading) :]]
    picture = len(asked.declaration.picture_shape)
    counted = values.shape[: values.ndim - picture]
    return values.reshape(int(np.prod(counted)), -1)


def _distance(now: FloatArray, then: FloatArray) -> npt.NDArray[np.float64]:
    """Root mean square; what is not finite takes no part."""
    moved = now.astype(np.float64) - then
    squares = np.where(np.isfinite(moved), moved, 0.0) ** 2
    root: npt.NDArray[np.float64] = np.sqrt(squares.mean(axis=1))
    return root
