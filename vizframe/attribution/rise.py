"""RISE (Petsiuk, Das & Saenko 2018): what the class's probability is when most of the image is
hidden at random, averaged over the masks that showed each pixel.

    grid of cells, each open with probability p     enlarged, softly, and shifted at random
    ■ . ■ .                                         R(y, x) = Σ_i P(image · mask_i) mask_i(y, x)
    . ■ ■ .                                                    ─────────────────────────────────
    ■ . . ■                                                                N · p

Equation 6. It asks the network for nothing but scores.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from vizframe.attribution.batches import room, scores
from vizframe.attribution.target import Target
from vizframe.images.overlay import resample
from vizframe.network import FloatArray
from vizframe.plugin import Progress, ignore_progress


def rise(
    target: Target,
    cover: FloatArray,
    *,
    masks: int,
    cells: int,
    open_share: float,
    seed: int,
    progress: Progress = ignore_progress,
) -> FloatArray:
    """The importance of each pixel, (probe, y, x): the mean probability of the class over the masks
    that showed it.

    Args:
        cover: what a closed mask shows, broadcasting against the images.
        masks: how many masks; the same ones for every image.
        cells: how many cells a mask's grid has along each axis.
        open_share: p, the probability of a cell to be open.
        seed: of the masks; the same at every step, so that only the weights move.
    """
    images = target.images
    total = np.zeros((len(images), *images.shape[2:]), np.float64)
    done, size = 0, max(1, min(masks, room(target.network)))
    for chunk in random_masks(masks, cells, images.shape[2:], open_share, seed, size):
        for number, image in enumerate(images):
            hidden = np.broadcast_to(cover, images.shape)[number]
            shown = hidden + (image - hidden) * chunk[:, None]
            found = probabilities(target, number, shown.astype(np.float32))
            total[number] += np.tensordot(found, chunk, axes=1)
        done += len(chunk)
        progress(done, masks, "RISE")
    return (total / (masks * open_share)).astype(np.float32)


def probabilities(target: Target, number: int, images: FloatArray) -> FloatArray:
    """The probabilities of the class of image ``number``, for variants of it, (variants,)."""
    return softmax(scores(target.network, images))[:, target.classes[number]]


def softmax(every: FloatArray) -> FloatArray:
    """The softmax of scores (images, classes), over the classes."""
    raised = np.exp(every.astype(np.float64) - every.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True), np.float32)


def random_masks(
    count: int, cells: int, image: tuple[int, ...], open_share: float, seed: int, at_once: int
) -> Iterator[FloatArray]:
    """The masks in [0, 1], (…, y, x), so many at once."""
    draw = np.random.default_rng(seed)
    cell = [-(-length // cells) for length in image]
    large = [(cells + 1) * length for length in cell]
    for start in range(0, count, at_once):
        here = min(at_once, count - start)
        grid = (draw.random((here, cells + 1, cells + 1)) < open_share).astype(np.float32)
        soft = resample(grid, (large[0], large[1])).astype(np.float32)
        tops, lefts = (draw.integers(0, length, here) for length in cell)
        yield np.stack(
            [
                each[top : top + image[0], left : left + image[1]]
                for each, top, left in zip(soft, tops, lefts, strict=True)
            ]
        )
