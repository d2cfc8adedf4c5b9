"""A gallery: the climbs of many units of one layer, in batches sized to memory."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from vizframe.arrays import even_size
from vizframe.ascent.climb import Climb, Parts, Report, climb
from vizframe.ascent.noise import noise
from vizframe.ascent.pixels import Pixels
from vizframe.ascent.recipe import Recipe, parameterisation, parts
from vizframe.ascent.rescue import Rescue, no_rescue, rescue, slopes
from vizframe.ascent.strength import ordinary_strength
from vizframe.errors import NetworkError
from vizframe.network import (
    DeviceArray,
    Excitation,
    FloatArray,
    Network,
    Objective,
    Ops,
    Place,
    ReluRule,
)
from vizframe.network.layer import Layer

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be raised, and how.

    Attributes:
        layer: whose units.
        recipe: the ascent's numbers.
        pixels: of the network's inputs.
        place: the unit at the centre of its map, or the mean of its map.
        minimise: lower it instead.
        whole: draw the whole input also where a smaller receptive field would do.
        size: (y, x) of the images, for networks that take any; None for the network's own.
        seed: of the start noise and the moves.
        remark: what is to be said of its pictures.
    """

    layer: Layer
    recipe: Recipe
    pixels: Pixels
    place: Place = "centre"
    minimise: bool = False
    whole: bool = False
    size: tuple[int, int] | None = None
    seed: int = 0
    remark: str = ""

    def excitation(
        self, network: Network, units: Sequence[int], rule: ReluRule
    ) -> AbstractContextManager[Excitation]:
        """The network's compiled question for a batch of that many units."""
        return network.excitation(
            self.objective(units), size=self.size, rule=rule, exact_field=not self.whole
        )

    def objective(self, units: Sequence[int]) -> Objective:
        return Objective.of(self.layer.name, units, self.place)


@dataclass(frozen=True, slots=True, eq=False)
class Outcome(Climb):
    """A climb with its circumstances, one entry per image.

    Attributes:
        warm: whether it started from an earlier picture.
        rescued: whether redirected gradients brought the unit to life.
        dead: whether it has no gradient even so, or none that is a number.
    """

    warm: Flags
    rescued: Flags
    dead: Flags


@dataclass(frozen=True, slots=True, eq=False)
class Gallery:
    """What the units of one layer look like, one entry per unit, in the order asked.

    Attributes:
        outcome: of each unit.
        exact_field: whether each image is the unit's exact receptive field.
        refused: why silent units could not be rescued; empty where they could.
    """

    units: tuple[int, ...]
    outcome: Outcome
    exact_field: bool
    refused: str = ""


def ascend(
    network: Network,
    question: Question,
    units: Sequence[int],
    *,
    earlier: FloatArray | None = None,
    report: Report | None = None,
) -> Gallery:
    """Climb for every unit, at least one.

    Args:
        earlier: values of earlier climbs of the same units, (unit, …), to start from; a climb
            then ends as soon as its batch's mean activation converged. Those that are not finite
            are ignored, and all of them if of another shape.
        report: told the unit-iterations done so far.
    """
    room = network.batch_size(
        question.layer.name,
        size=question.size,
        exact_field=question.place == "centre" and not question.whole,
    )
    size = even_size(len(units), room)
    outcomes, refused = [], ""
    with question.excitation(network, units[:size], "plain") as excitation:
        for first in range(0, len(units), size):
            chunk = list(units[first : first + size])
            rows = np.minimum(np.arange(first, first + size), len(units) - 1)
            # Broken weights give NaN and inf, which the outcome tells of.
            with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
                outcome, reason = _batch(
                    network,
                    question,
                    excitation,
                    [units[row] for row in rows],
                    None if earlier is None else earlier[rows],
                    _scale_report(report, first * question.recipe.iterations, len(chunk)),
                )
            outcomes.append((outcome, len(chunk)))
            refused = refused or reason
        exact = excitation.exact_field
    return Gallery(tuple(units), _join_outcomes(outcomes), exact, refused)


def _batch(
    network: Network,
    question: Question,
    excitation: Excitation,
    units: Sequence[int],
    earlier: FloatArray | None,
    report: Report | None,
) -> tuple[Outcome, str]:
    """One batch, and why its silent units could not be rescued, if so.

    A last one that is not full repeats its last unit, so that nothing is compiled anew.
    """
    start, warm = _start(question, excitation, units, earlier)
    at_first = slopes(_parts(question, excitation, units), start)
    strength = _strength(question, excitation, units, start, at_first)
    alive = _rescue_silent(network, question, excitation, units, start, strength, at_first)
    climbed = climb(
        _parts(question, excitation, units, strength),
        alive.values,
        question.recipe.iterations,
        early=bool(warm.any()),
        keep_best=question.recipe.keep == "best",
        report=report,
    )
    kept = {field.name: getattr(climbed, field.name) for field in fields(climbed)}
    outcome = Outcome(**kept, warm=warm, rescued=alive.rescued, dead=alive.dead)
    return outcome, alive.refused


def _strength(
    question: Question,
    excitation: Excitation,
    units: Sequence[int],
    start: DeviceArray,
    plain: FloatArray,
) -> FloatArray | None:
    """How many times as strong the gradients have to be for Adam; other rules mean their size.

    Args:
        plain: the slopes as they are.
    """
    if question.recipe.rule != "adam":
        return None
    pixels = np.float32(math.prod(excitation.shape[1:]))
    return ordinary_strength(
        plain / pixels,
        lambda strength: slopes(_parts(question, excitation, units, strength), start) / pixels,
    )


def _parts(
    question: Question,
    excitation: Excitation,
    units: Sequence[int],
    strength: FloatArray | None = None,
) -> Parts:
    return parts(
        question.recipe,
        excitation,
        question.objective(units),
        question.pixels,
        minimise=question.minimise,
        seed=question.seed,
        strength=strength,
    )


def _rescue_silent(
    network: Network,
    question: Question,
    excitation: Excitation,
    units: Sequence[int],
    start: DeviceArray,
    strength: FloatArray | None,
    at_first: FloatArray,
) -> Rescue:
    """The start, the silent images moved to where they have a gradient."""
    plain = _parts(question, excitation, units, strength)
    if strength is not None:
        at_first = slopes(plain, start)
    if at_first.all():
        return no_rescue(start, at_first)
    rows = _silent_rows(at_first)
    silent = [units[row] for row in rows]
    own = None if strength is None else strength[rows]
    with ExitStack() as stack:
        try:
            redirected = stack.enter_context(question.excitation(network, silent, "redirected"))
            if len(rows) < len(units):
                excitation = stack.enter_context(question.excitation(network, silent, "plain"))
        except NetworkError as error:
            return no_rescue(start, at_first, refused=str(error))
        found = rescue(
            _parts(question, excitation, silent, own),
            _parts(question, redirected, silent, own),
            excitation.ops.to_device(excitation.ops.to_numpy(start)[rows]),
            at_first[rows],
        )
        return _put_back(found, rows, start, at_first, excitation.ops)


def _silent_rows(slopes: FloatArray) -> npt.NDArray[np.int64]:
    """The silent images, the last one repeated up to a power of two: few sizes are compiled."""
    silent = np.flatnonzero(slopes == 0)
    size = min(len(slopes), 1 << (len(silent) - 1).bit_length())
    return np.concatenate([silent, np.repeat(silent[-1:], size - len(silent))])


def _put_back(
    found: Rescue, rows: npt.NDArray[np.int64], start: DeviceArray, at_first: FloatArray, ops: Ops
) -> Rescue:
    """The rescue of some rows as one of all images."""
    values = ops.to_numpy(start).copy()
    values[rows] = ops.to_numpy(found.values)
    whole = no_rescue(ops.to_device(values), at_first)
    whole.rescued[rows], whole.dead[rows] = found.rescued, found.dead
    return whole


def _start(
    question: Question, excitation: Excitation, units: Sequence[int], earlier: FloatArray | None
) -> tuple[DeviceArray, Flags]:
    """Where each image starts, and whether that is warm: where it was left, if that is numbers."""
    ops, shape = excitation.ops, excitation.shape
    canvas = parameterisation(question.recipe, ops, question.pixels, shape, question.seed)
    cold = canvas.start(noise(question.seed, units, shape[1:]))
    if earlier is None or earlier.shape != shape:
        return cold, np.zeros(len(units), np.bool_)
    warm: Flags = np.isfinite(earlier).all(axis=(1, 2, 3))
    rows = warm.reshape(-1, 1, 1, 1)
    return ops.to_device(np.where(rows, earlier, ops.to_numpy(cold))), warm


def _join_outcomes(outcomes: Sequence[tuple[Outcome, int]]) -> Outcome:
    """One outcome of many, of each only the first so many images."""
    return Outcome(
        **{
            field.name: np.concatenate([getattr(each, field.name)[:n] for each, n in outcomes])
            for field in fields(Outcome)
        }
    )


def _scale_report(report: Report | None, before: int, units: int) -> Report | None:
    """A report of one batch's iterations as one of all unit-iterations."""
    return report and (lambda done: report(before + units * done))
