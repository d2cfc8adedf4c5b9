"""The strongest images of each unit over a data set, kept while the images pass by.

    batch ──► each unit's peak in each image ──► those above its k-th so far, kept
    at the end: the maps of the few images that are kept ──► where in them the peaks are

Almost no image of a large data set is among the strongest of a unit, so the pass costs little more
than the network does, and the second look at a few images next to nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from vizframe.attribution.strongest import Strongest
from vizframe.network import FloatArray

Ints = npt.NDArray[np.int64]


@dataclass(slots=True, eq=False)
class TopImages:
    """For each unit the strongest images so far, in order; -inf where there was none yet.

    Attributes:
        values: float32 (unit, rank).
        images: numbers in the data set, int64 (unit, rank); -1 where there was none.
    """

    values: FloatArray
    images: Ints

    @classmethod
    def empty(cls, units: int, top: int) -> Self:
        shape = (units, top)
        return cls(np.full(shape, -np.inf, np.float32), np.full(shape, -1, np.int64))

    def add(self, peaks: FloatArray, first: int) -> None:
        """Take in the peaks of a batch, (image, unit), numbered from ``first`` on.

        Batches come in the order of their numbers. Of equal peaks the earlier image stays.
        """
        with np.errstate(invalid="ignore"):  # comparing with NaN says no
            image, unit = np.nonzero(peaks > self.values[:, -1])
        for each in np.unique(unit):
            chosen = image[unit == each]
            self._put(each, peaks[chosen, each], chosen + first)

    def merge(self, other: TopImages) -> None:
        """Take in those of another part of the data set; of equal peaks the image of the lower
        number goes first, in whatever order the parts come."""
        for unit, images in enumerate(other.images):
            self._put(unit, other.values[unit][images >= 0], images[images >= 0])

    def locate(self, maps: FloatArray, images: Ints) -> Strongest:
        """As plugins draw them: with the places of the peaks.

        Of a unit with fewer numbers than ranks, the rest is NaN, at the first of these images.

        Args:
            maps: the responds to the images that are kept, (image, unit, …).
            images: the numbers of these, increasing; all that are kept are among them.
        """
        units = len(self.values)
        missing = self.images < 0
        chosen = np.where(missing, images[0] if len(images) else 0, self.images)
        where = np.searchsorted(images, chosen)
        flat = maps.reshape(*maps.shape[:2], -1)[where, np.arange(units)[:, None]]
        best = np.where(np.isnan(flat), -np.inf, flat).argmax(axis=2)
        values = np.take_along_axis(flat, best[:, :, None], axis=2)[:, :, 0]
        width = maps.shape[-1] if maps.ndim == 4 else 1
        return Strongest(
            images=chosen,
            places=np.stack([best // width, best % width], axis=-1).astype(np.int64),
            values=np.where(missing, np.float32(np.nan), values).astype(np.float32),
        )

    def _put(self, unit: int, values: FloatArray, images: Ints) -> None:
        all_values = np.concatenate([self.values[unit], values])
        all_images = np.concatenate([self.images[unit], images])
        order = np.lexsort((all_images, -all_values))[: self.values.shape[1]]
        self.values[unit] = all_values[order]
        self.images[unit] = all_images[order]


def kept_images(found: list[TopImages]) -> Ints:
    """The numbers of all images that are kept for any unit, increasing; the first where none is."""
    numbers = np.unique(np.concatenate([each.images.ravel() for each in found]))
    kept = numbers[numbers >= 0]
    return kept if len(kept) else np.zeros(1, np.int64)
