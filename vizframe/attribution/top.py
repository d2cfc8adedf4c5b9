"""The strongest images of each unit over a data set, kept while the images pass by.

    batch ──► each unit's peak in each image ──► those above its k-th so far ──► their places, kept

Almost no image of a large data set is among the strongest of a unit, so what a batch costs beside
the forward pass is finding its peaks.
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
        places: where in the unit's map, as one number, int64 (unit, rank).
        width: of the map; 1 of a dense layer.
    """

    values: FloatArray
    images: Ints
    places: Ints
    width: int = 1

    @classmethod
    def empty(cls, units: int, top: int) -> Self:
        shape = (units, top)
        return cls(
            np.full(shape, -np.inf, np.float32),
            np.full(shape, -1, np.int64),
            np.zeros(shape, np.int64),
        )

    def add(self, activations: FloatArray, first: int) -> None:
        """Take in a batch, (image, unit, …); its images are numbered from ``first`` on.

        Batches come in the order of their numbers. Of equal answers the earlier image and place
        stay; NaN is no answer.
        """
        count, units = activations.shape[:2]
        self.width = activations.shape[-1] if activations.ndim == 4 else 1
        flat = activations.reshape(count, units, -1)
        with np.errstate(invalid="ignore"):  # comparing with NaN says no
            peaks = flat.max(axis=2)
            sick = np.isnan(peaks)
            if sick.any():
                peaks[sick] = np.where(np.isnan(flat[sick]), -np.inf, flat[sick]).max(axis=1)
            image, unit = np.nonzero(peaks > self.values[:, -1])
        if not image.size:
            return
        found = flat[image, unit]
        places = np.where(np.isnan(found), -np.inf, found).argmax(axis=1)
        for each in np.unique(unit):
            own = np.flatnonzero(unit == each)
            chosen = image[own]
            self._put(each, peaks[chosen, each], chosen + first, places[own])

    def merge(self, other: TopImages) -> None:
        """Take in those of another part of the data set; of equal answers the image of the lower
        number goes first, in whatever order the parts come."""
        self.width = max(self.width, other.width)
        for unit in range(len(self.values)):
            real = other.images[unit] >= 0
            self._put(
                unit, other.values[unit][real], other.images[unit][real], other.places[unit][real]
            )

    def strongest(self) -> Strongest:
        """As plugins draw them. Of a unit with fewer numbers than ranks, the rest is NaN, at the
        first image."""
        missing = self.images < 0
        return Strongest(
            images=np.where(missing, 0, self.images),
            places=np.stack([self.places // self.width, self.places % self.width], axis=-1),
            values=np.where(missing, np.float32(np.nan), self.values),
        )

    def _put(self, unit: int, values: FloatArray, images: Ints, places: Ints) -> None:
        top = self.values.shape[1]
        all_values = np.concatenate([self.values[unit], values])
        all_images = np.concatenate([self.images[unit], images])
        all_places = np.concatenate([self.places[unit], places])
        order = np.lexsort((all_images, -all_values))[:top]
        self.values[unit] = all_values[order]
        self.images[unit] = all_images[order]
        self.places[unit] = all_places[order]
