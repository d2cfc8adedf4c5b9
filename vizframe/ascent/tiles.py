"""What a gallery becomes in a frame: pictures, the numbers beside them, and what must be said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from vizframe.ascent.gallery import Gallery, Question
from vizframe.network import FloatArray
from vizframe.network.probe import Normalization
from vizframe.plugin.column import Column
from vizframe.plugin.control import LIKENESS

LISTED = 12
"""How many units a note names one by one."""

COLUMNS: Mapping[str, str | Column] = {
    "unit": "The unit's number in its layer.",
    "objective": Column("The unit's activation on its picture.", role="strength"),
    "curve": "Its activation on the way there, at 32 evenly spaced iterations.",
    "converged": Column(
        "Whether the activation came to rest: it changed by less than 1 % in the last eighth.",
        role="flag",
    ),
    "iterations": "Evaluations of the network that the climb took.",
    "saved": "How many fewer than the recipe's that is, thanks to a warm start.",
    "warm": Column("Whether the climb started from the previous step's picture.", role="flag"),
    "strongest_since": "The iteration from which on the unit was more active than every other of "
    "its layer; nothing where another one is more active on the picture.",
    "rescued": Column("Whether only redirected gradients brought the unit to life.", role="flag"),
    "dead": Column("Whether nothing did.", role="dead"),
    "likeness": LIKENESS,
}
"""The numbers beside each picture; yes is 1 and no is 0."""


def pictures(gallery: Gallery, normalization: Normalization) -> FloatArray:
    """The gallery as pictures in [0, 1]: (unit, y, x), or (unit, y, x, channel) in colour.

    Inputs of neither one nor three channels are drawn as the mean of their channels. A dead unit
    is black; one whose activation is NaN, or whose climb diverged, is NaN.
    """
    drawn = normalization.to_picture(gallery.outcome.images)
    drawn = drawn.transpose(0, 2, 3, 1) if drawn.shape[1] == 3 else drawn.mean(axis=1)
    drawn[gallery.outcome.dead] = 0.0
    drawn[_is_broken(gallery)] = np.nan
    return np.ascontiguousarray(drawn, np.float32)


def columns(gallery: Gallery, question: Question) -> dict[str, FloatArray]:
    """The numbers beside each picture, as `COLUMNS` explains them."""
    outcome = gallery.outcome
    numbers = {
        "unit": np.asarray(gallery.units),
        "objective": outcome.objective,
        "curve": outcome.curve,
        "converged": outcome.converged & ~outcome.dead,
        "iterations": outcome.iterations,
        "saved": question.recipe.iterations - outcome.iterations,
        "warm": outcome.warm,
        "strongest_since": np.where(outcome.dead, np.nan, outcome.strongest_since),
        "rescued": outcome.rescued,
        "dead": outcome.dead,
    }
    return {name: np.asarray(values, np.float32) for name, values in numbers.items()}


def notes(gallery: Gallery, question: Question) -> Iterator[str]:
    """The sentences about the frame as a whole."""
    outcome, height, width = gallery.outcome, *gallery.outcome.images.shape[2:]
    channels = outcome.images.shape[1]
    if gallery.exact_field and not question.remark:
        yield f"Each picture is the unit's exact receptive field, {height} × {width} pixels"
    if question.remark:
        yield question.remark
    if channels not in (1, 3):
        yield f"The {channels} input channels are drawn as their mean"
    if outcome.warm.any():
        saved = question.recipe.iterations - outcome.iterations.mean()
        yield (
            "The climbs began at the previous step's pictures, which saved "
            f"{saved:.0f} of {question.recipe.iterations} iterations"
        )
    broken, diverged = ~np.isfinite(outcome.objective), _is_diverged(gallery)
    climbed = (-1 if question.minimise else 1) * (outcome.objective - outcome.curve[:, 0]) > 0
    alive = ~(outcome.dead | broken | diverged)
    yield from _describe(gallery, broken & ~diverged, "An activation that is not finite")
    yield from _describe(gallery, diverged, _diverged_words(question))
    yield from _describe(gallery, outcome.dead & ~broken, "Dead, as no gradient reaches the input")
    if gallery.refused:
        yield f"Silent units could not be rescued: {gallery.refused}"
    yield from _describe(gallery, outcome.rescued, "Silent at the start, and rescued")
    held = "No stronger for the picture than for what it began with"
    yield from _describe(gallery, alive & ~climbed, held)


def _is_broken(gallery: Gallery) -> npt.NDArray[np.bool_]:
    broken: npt.NDArray[np.bool_] = ~np.isfinite(gallery.outcome.objective) | _is_diverged(gallery)
    return broken


def _is_diverged(gallery: Gallery) -> npt.NDArray[np.bool_]:
    """Which pictures are not numbers throughout, though their units gave one at first."""
    outcome = gallery.outcome
    finite = np.isfinite(outcome.images).all(axis=(1, 2, 3))
    diverged: npt.NDArray[np.bool_] = ~finite & np.isfinite(outcome.curve[:, 0]) & ~outcome.dead
    return diverged


def _diverged_words(question: Question) -> str:
    recipe = question.recipe
    cure = f"lower the rate of {recipe.rate:g}"
    if recipe.l2 and recipe.rule == "rate":
        cure += f", which can be less than 1/l2 = {1 / recipe.l2:g}, or the l2"
    return f"The climb diverged, {cure}"


def _describe(gallery: Gallery, which: npt.NDArray[np.bool_], what: str) -> Iterator[str]:
    units = [unit for unit, chosen in zip(gallery.units, which, strict=True) if chosen]
    if units:
        yield f"{what}: {'units' if len(units) > 1 else 'unit'} {list_units(units)}"


def list_units(units: Sequence[int]) -> str:
    """The units' numbers, the first few of many."""
    shown = ", ".join(str(unit) for unit in units[:LISTED])
    return f"{shown} and {len(units) - LISTED} more" if len(units) > LISTED else shown
