"""Where each unit of a layer responds most over the probe: its top images, the place in each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vizframe.network import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Strongest:
    """For each unit and rank, strongest first.

    Attributes:
        images: index into the probe, int64 (unit, rank).
        places: (y, x) in the unit's map, int64 (unit, rank, 2); (0, 0) of a dense layer.
        values: the activations there, float32 (unit, rank).
    """

    images: npt.NDArray[np.int64]
    places: npt.NDArray[np.int64]
    values: FloatArray


def strongest(activations: FloatArray, top: int) -> Strongest:
    """The strongest place of each unit in each of its top images.

    Args:
        activations: (probe, unit, y, x), or (probe, unit) of a dense layer.
        top: how many images, at most the probe's; each image appears once. Of equal activations the
            earlier image and place is taken; NaN comes last.
    """
    probe, units = activations.shape[:2]
    width = activations.shape[-1] if activations.ndim == 4 else 1
    flat = activations.reshape(probe, units, -1)
    best, peaks = _peaks(flat)
    order = np.argsort(-peaks.T, axis=1, kind="stable")[:, :top]
    where = np.take_along_axis(best.T, order, axis=1)
    own = flat[order, np.arange(units)[:, None], where]
    return Strongest(
        images=order.astype(np.int64),
        places=np.stack([where // width, where % width], axis=-1).astype(np.int64),
        values=own.astype(np.float32),
    )


def _peaks(flat: FloatArray) -> tuple[npt.NDArray[np.int64], FloatArray]:
    """The first strongest place of each map of (probe, unit, places), and its value, both (probe,
    unit). NumPy takes NaN for the strongest: only maps that have some are looked at without."""
    best = flat.argmax(axis=2)
    peaks = np.take_along_axis(flat, best[:, :, None], axis=2)[:, :, 0]
    unknown = np.isnan(peaks)
    if unknown.any():
        rows = np.where(np.isnan(flat[unknown]), -np.inf, flat[unknown])
        best[unknown] = rows.argmax(axis=1)
        peaks[unknown] = rows.max(axis=1)
    return best, peaks
