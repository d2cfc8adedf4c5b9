"""How faithful an explanation is to the network, measured by asking the network again.

deletion      the class's probability while the most important pixels are covered first; the
              smaller the area under it, the better            Petsiuk et al. 2018, section 3.2
insertion     likewise while they come back to a blurred image; the larger, the better
infidelity    what covering random squares takes from the score, against what the explanation says
              it takes, as the share of the variance that is not explained: 0 is perfect, 1 is none
                                                 Yeh et al. 2019, definition 2.1, best scale
sensitivity   how much the explanation changes, at most, with noise that hardly anybody sees
                                                               Yeh et al. 2019, definition 3.1
pointing      whether the most important pixel is on the ink    Zhang et al. 2016, section 4.2
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from vizframe.attribution.batches import scores
from vizframe.attribution.rise import softmax
from vizframe.attribution.target import Target
from vizframe.network import FloatArray

Flags = npt.NDArray[np.bool_]

Explainer = Callable[[FloatArray], FloatArray]
"""The maps, (images, y, x), of these images, one for each of the target's."""


def reveal_curves(
    target: Target, maps: FloatArray, start: FloatArray, end: FloatArray, points: int
) -> FloatArray:
    """The class's probability, (probe, points), while pixels of ``end`` take the place of those of
    ``start``, the most important ones first.

    Args:
        maps: the importance of each pixel, (probe, y, x).
        start, end: images, broadcasting against the target's.
        points: at evenly spaced shares of the pixels, none and all included.
    """
    count, height, width = maps.shape
    order = np.argsort(-maps.reshape(count, -1), axis=1, kind="stable")
    rank = np.empty_like(order)
    np.put_along_axis(rank, order, np.arange(height * width)[None], axis=1)
    before, after = (np.broadcast_to(each, target.images.shape) for each in (start, end))
    curves = []
    for share in np.linspace(0, 1, points):
        shown = (rank < round(share * height * width)).reshape(count, 1, height, width)
        mixed = np.where(shown, after, before).astype(np.float32)
        every = softmax(scores(target.network, mixed))
        curves.append(np.take_along_axis(every, target.classes[:, None], axis=1)[:, 0])
    return np.stack(curves, axis=1)


def area_under(curves: FloatArray) -> FloatArray:
    """The area under curves (probe, points) over shares from 0 to 1, by the trapezium rule."""
    middle = (curves[:, 1:] + curves[:, :-1]) / 2
    return np.asarray(middle.mean(axis=1, dtype=np.float64), np.float32)


def infidelity(
    target: Target, maps: FloatArray, cover: FloatArray, *, squares: int, seed: int
) -> FloatArray:
    """The share of what random squares take from the score that the map does not tell, (probe,).

    The map may be in any unit: it is scaled as fits best. NaN where the squares take nothing.
    """
    draw = np.random.default_rng(seed)
    count, height, width = maps.shape
    hidden = np.broadcast_to(cover, target.images.shape)
    told, taken = np.zeros((2, squares, count))
    for number in range(squares):
        mask = np.zeros((height, width), np.bool_)
        tall, wide = (int(draw.integers(1, max(2, side // 2 + 1))) for side in (height, width))
        top, left = (
            int(draw.integers(0, height - tall + 1)),
            int(draw.integers(0, width - wide + 1)),
        )
        mask[top : top + tall, left : left + wide] = True
        covered = np.where(mask, hidden, target.images).astype(np.float32)
        taken[number] = target.scores - target.scores_of(covered)
        told[number] = (maps * mask).sum(axis=(1, 2), dtype=np.float64)
    return np.asarray(_unexplained(told, taken), np.float32)


def _unexplained(told: npt.NDArray[np.float64], taken: npt.NDArray[np.float64]) -> FloatArray:
    """min over β of Σ (β told − taken)² / Σ taken², of (squares, probe)."""
    whole, known = (taken**2).sum(axis=0), (told**2).sum(axis=0)
    both = (told * taken).sum(axis=0)
    size = whole * known
    share = np.divide(both**2, size, out=np.zeros_like(size), where=size > 0)
    return np.asarray(np.where(whole > 0, 1 - share, np.nan), np.float32)


def sensitivity(
    target: Target,
    maps: FloatArray,
    explainer: Explainer,
    *,
    samples: int,
    radius: float,
    seed: int,
) -> FloatArray:
    """The greatest change of the explanation relative to itself, (probe,), for uniform noise.

    Args:
        explainer: makes the maps anew.
        radius: of the noise, as a share of each image's range.
    """
    draw = np.random.default_rng(seed)
    images = target.images
    spread = radius * np.ptp(images, axis=(1, 2, 3), keepdims=True)
    size = np.sqrt((maps.astype(np.float64) ** 2).sum(axis=(1, 2)))
    worst = np.zeros(len(images))
    for _ in range(samples):
        noisy = images + spread * draw.uniform(-1, 1, images.shape)
        change = explainer(noisy.astype(np.float32)).astype(np.float64) - maps
        found = np.sqrt((change**2).sum(axis=(1, 2)))
        relative = np.divide(found, size, out=np.full_like(found, np.nan), where=size > 0)
        worst = np.maximum(worst, relative)
    return worst.astype(np.float32)


def ink_of(pictures: FloatArray) -> Flags:
    """Which pixels, (probe, y, x), are ink: those that differ from the image's median colour by
    more than a quarter of the range. Of pictures (probe, channel, y, x) in [0, 1]."""
    ground = np.median(pictures, axis=(2, 3), keepdims=True)
    ink: Flags = np.abs(pictures - ground).max(axis=1) > 0.25
    return ink


def points_at(maps: FloatArray, ink: Flags) -> FloatArray:
    """1 where the greatest value of a map lies on the ink, 0 where it does not, (probe,); NaN where
    there is none, or the map is the same everywhere."""
    count = len(maps)
    flat = np.where(np.isnan(maps), -np.inf, maps).reshape(count, -1)
    hit = ink.reshape(count, -1)[np.arange(count), flat.argmax(axis=1)]
    known = ink.any(axis=(1, 2)) & (flat.max(axis=1) > flat.min(axis=1))
    return np.where(known, hit, np.nan).astype(np.float32)
