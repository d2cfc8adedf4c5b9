"""Tiles as they are stored, and what turns them back into values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from vizframe.history.levels import FINITE_LEVELS, LEVELS, half_unit, not_finite
from vizframe.network import FloatArray

Where = int | slice | tuple[int | slice, ...]
"""Which tiles, along the axes that count them."""

Number = TypeVar("Number", bound=np.generic)


@dataclass(frozen=True, slots=True, eq=False)
class Tiles:
    """Stored tiles with what turns them back into values.

    ``stored`` has shape (*counts, *picture_shape), all else has shape (*counts). ``missing`` marks
    tiles that are damaged on disk or were not recorded: zeros, to be shown so. ``nonfinite`` counts
    the values of each tile that are NaN or ±inf; (low, high) span the finite ones.

    =========  ===========================================================================
    stored     its values
    =========  ===========================================================================
    uint8      ``low + stored · (high − low) / 255``
    … coded    ``low + stored · (high − low) / 252``; 253, 254, 255 are −inf, NaN and +inf
    float16    ``stored``
    … coded    ``stored · unit``, a power of two of the tile: `vizframe.history.levels`
    float32    ``stored``
    =========  ===========================================================================

    Tiles that are not coded are what earlier versions wrote, and uint8 tiles of finite values.
    """

    stored: npt.NDArray[np.uint8] | npt.NDArray[np.float16] | npt.NDArray[np.float32]
    low: FloatArray
    high: FloatArray
    nonfinite: npt.NDArray[np.int32]
    missing: npt.NDArray[np.bool_]
    coded: npt.NDArray[np.bool_] = field(default_factory=lambda: np.zeros((), np.bool_))
    """Of each tile, or one for all."""

    def pick(self, where: Where) -> Tiles:
        """The tiles at indices of their counts."""
        return Tiles(
            stored=np.asarray(self.stored[where]),
            low=np.asarray(self.low[where]),
            high=np.asarray(self.high[where]),
            nonfinite=np.asarray(self.nonfinite[where]),
            missing=np.asarray(self.missing[where]),
            coded=np.asarray(np.broadcast_to(self.coded, self.low.shape)[where]),
        )

    def values(self) -> FloatArray:
        """The real values, float32, shape of ``stored``."""
        if self.stored.dtype == np.uint8:
            return self._of_levels()
        if self.stored.dtype == np.float16 and self.coded.any():
            unit = np.where(self.coded, half_unit(self.low, self.high), 1.0)
            counted: FloatArray = (self.stored * self._beside_pixels(unit)).astype(np.float32)
            return counted
        return self.stored.astype(np.float32)

    def _of_levels(self) -> FloatArray:
        span = self.high.astype(np.float64) - self.low
        exact = sufficient_dtype(span)
        levels = np.where(self.coded, FINITE_LEVELS, LEVELS) if self.coded.any() else LEVELS
        step = self._beside_pixels((span / levels).astype(exact))
        with np.errstate(over="ignore"):  # the levels beyond the finite ones, of huge tiles
            scaled = np.asarray(np.multiply(self.stored, step, dtype=exact))  # one number, too
            np.add(scaled, self._beside_pixels(self.low), out=scaled)
            values = np.asarray(scaled, np.float32)
        ends_at_zero = (self.high == 0) & (span > 0)
        if ends_at_zero.any():  # 255 steps of a 255th need not be the whole, to the last bit
            last = self._beside_pixels(np.broadcast_to(np.asarray(levels), self.low.shape))
            values[(self.stored == last) & self._beside_pixels(ends_at_zero)] = 0
        if self.coded.any():
            coded = self._beside_pixels(np.broadcast_to(self.coded, self.low.shape))
            not_finite(np.where(coded, self.stored, 0), values)
        return values

    def _beside_pixels(self, numbers: npt.NDArray[Number]) -> npt.NDArray[Number]:
        """One number per tile, to be combined with its pixels."""
        inner = (1,) * (self.stored.ndim - self.low.ndim)
        return numbers.reshape(numbers.shape + inner)


def sufficient_dtype(span: npt.NDArray[np.float64]) -> type[np.float32] | type[np.float64]:
    """What tiles of these ranges are quantised and restored in: float64 where 255 / range or the
    range itself leaves float32, as they do in exploding and vanishing networks."""
    ordinary = (span == 0) | ((span > 1e-35) & (span < 3e38))
    return np.float32 if ordinary.all() else np.float64
