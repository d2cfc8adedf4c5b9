"""An overlay: a map laid over a picture, so that both are seen."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vizframe.errors import UsageError
from vizframe.images.paint import Rgb


def overlay(above: Rgb, below: Rgb, opacity: npt.ArrayLike) -> Rgb:
    """``opacity · above + (1 − opacity) · below``, uint8 of the pictures' shape.

    Args:
        above, below: RGB (…, y, x, 3), broadcasting.
        opacity: of ``above``, in [0, 1]: one number, or (…, y, x) so that what says little hides
            little.

    Raises:
        UsageError: an opacity outside [0, 1].
    """
    cover = np.asarray(opacity, np.float64)
    if not ((cover >= 0) & (cover <= 1)).all():
        raise UsageError(f"opacity is {opacity!r}; it can be from 0 to 1")
    cover = cover[..., None] if cover.ndim else cover
    return np.rint(cover * above + (1 - cover) * below).astype(np.uint8)


def resample(
    maps: npt.NDArray[np.float32] | npt.NDArray[np.float64], size: tuple[int, int]
) -> npt.NDArray[np.float64]:
    """Maps (…, y, x) at another size, bilinear between the centres of their cells.

    Cell i of n covers [i, i + 1) · size / n, as a layer's place covers a share of the image; the
    rims beyond the outermost centres keep the outermost value.
    """
    rows, columns = (_weights(have, want) for have, want in zip(maps.shape[-2:], size, strict=True))
    resampled: npt.NDArray[np.float64] = rows @ maps.astype(np.float64) @ columns.T
    return resampled


def _weights(have: int, want: int) -> npt.NDArray[np.float64]:
    """(want, have): each output as a mixture of at most two inputs."""
    place = np.clip((np.arange(want) + 0.5) * have / want - 0.5, 0, have - 1)
    below = np.floor(place).astype(int)
    above = np.minimum(below + 1, have - 1)
    weights = np.zeros((want, have))
    np.add.at(weights, (np.arange(want), below), 1 - (place - below))
    np.add.at(weights, (np.arange(want), above), place - below)
    return weights
