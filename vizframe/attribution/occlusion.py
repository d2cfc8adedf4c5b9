"""Occlusion (Zeiler & Fergus 2014, section 4.2): what the score loses when a square is covered.

■ ■ . . . .     . . ■ ■ . .     the square moves by its stride; a pixel's value is the mean
■ ■ . . . .     . . ■ ■ . .     loss over all squares that covered it
. . . . . .     . . . . . .
"""

from __future__ import annotations

import numpy as np

from vizframe.attribution.target import Target
from vizframe.network import FloatArray
from vizframe.plugin import Progress, ignore_progress


def occlusion(
    target: Target,
    cover: FloatArray,
    *,
    size: int,
    stride: int,
    progress: Progress = ignore_progress,
) -> FloatArray:
    """The mean loss of score at each pixel, (probe, y, x): positive where covering it hurts.

    Args:
        cover: what the square shows, broadcasting against (probe, channel, y, x).
        size: of the square, in pixels; at most the image is covered.
        stride: how far the square moves. The last square of a row ends at the rim.
    """
    height, width = target.images.shape[2:]
    covers = np.broadcast_to(cover, target.images.shape)
    corners = [(y, x) for y in _starts(height, size, stride) for x in _starts(width, size, stride)]
    loss, times = np.zeros((len(target.images), height, width)), np.zeros((height, width))
    for done, (y, x) in enumerate(corners, start=1):
        square = (slice(y, y + size), slice(x, x + size))
        covered = target.images.copy()
        covered[:, :, *square] = covers[:, :, *square]
        loss[:, *square] += (target.scores - target.scores_of(covered))[:, None, None]
        times[square] += 1
        progress(done, len(corners), "occlusion")
    mean: FloatArray = (loss / np.maximum(times, 1)).astype(np.float32)
    return mean


def _starts(length: int, size: int, stride: int) -> list[int]:
    last = max(0, length - size)
    return sorted({*range(0, last, stride), last})
