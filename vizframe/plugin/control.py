"""The control: the same picture of the same network, its weights shuffled.

What still looks like something there is made by the method, not by what the network learned
(Adebayo et al. 2018, *Sanity Checks for Saliency Maps*). So beside each tile of a control stands
how much it is like the trained network's: the rank correlation of their values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from vizframe.network import FloatArray
from vizframe.plugin.base import Scene
from vizframe.plugin.column import Column
from vizframe.plugin.frame import Frame, Picture, tile_axes

NOTE = "Control: the weights are shuffled, so this is what the method draws by itself"

LIKENESS = Column(
    "Of a control: the rank correlation of its values with those of the trained network, which is "
    "1 where the weights do not matter."
)
"""What the column ``likeness`` says, which a picture declares that has a control."""

Draw = Callable[[Scene], Iterator[Frame]]


def draw_or_control(
    scene: Scene, draw: Draw, makes: Sequence[Picture], *, control: bool
) -> Iterator[Frame]:
    """What a plugin draws of the scene, or of its control.

    Args:
        draw: makes the frames of a scene.
        makes: the pictures that the plugin declares.
        control: draw the control; the shuffle depends on the scene's seed, as all chance does.
    """
    if not control:
        yield from draw(scene)
        return
    tiles = {picture.part: len(tile_axes(picture.axes)) for picture in makes}
    trained = {(frame.layer, frame.part): frame for frame in draw(scene)}
    with scene.network.randomized(scene.seed) as network:
        for frame in draw(replace(scene, network=network, cache={}, is_control=True)):
            found = _likeness(trained.get((frame.layer, frame.part)), frame, tiles[frame.part])
            columns = {**frame.columns, "likeness": found}
            yield replace(frame, columns=columns, notes=(NOTE, *frame.notes))


def _likeness(trained: Frame | None, control: Frame, tiles: int) -> FloatArray:
    """The rank correlation of each tile; NaN where there is none to compare with."""
    counts = control.values.shape[:tiles]
    if trained is None or trained.values.shape != control.values.shape:
        return np.full(counts, np.nan, np.float32)
    one, other = (each.values.reshape(*counts, -1) for each in (trained, control))
    found = [rank_correlation(one[place], other[place]) for place in np.ndindex(*counts)]
    return np.asarray(found, np.float32).reshape(counts)


def rank_correlation(one: npt.NDArray[np.generic], other: npt.NDArray[np.generic]) -> float:
    """Spearman's: the correlation of the values' ranks, equal ones sharing theirs. NaN where either
    is constant or holds what is no number."""
    ranks = [_ranks(np.asarray(each, np.float64).ravel()) for each in (one, other)]
    centred = [each - each.mean() for each in ranks]
    size = np.sqrt((centred[0] ** 2).sum() * (centred[1] ** 2).sum())
    finite = np.isfinite(size) and size > 0
    return float((centred[0] * centred[1]).sum() / size) if finite else float("nan")


def _ranks(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    if not np.isfinite(values).all():
        return np.full(values.shape, np.nan)
    _, where, count = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    ranks: npt.NDArray[np.float64] = (last - (count - 1) / 2)[where]
    return ranks
