"""Channels: how inputs of any number of channels become pictures.

1 channel      (…, y, x)           grey
3 channels     (…, y, x, channel)  red, green, blue
any other      (…, y, x)           the mean over channels, as no eye has seven
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt

Real = TypeVar("Real", np.float32, np.float64)


def as_picture(images: npt.NDArray[Real]) -> npt.NDArray[Real]:
    """Images (…, channel, y, x) with channels last, or without any."""
    channels = images.shape[-3]
    if channels == 3:
        return np.ascontiguousarray(np.moveaxis(images, -3, -1))
    if channels == 1:
        return np.ascontiguousarray(images[..., 0, :, :])
    mean: npt.NDArray[Real] = images.mean(axis=-3, dtype=images.dtype)
    return mean
