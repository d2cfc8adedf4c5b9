"""The climb: one batch of images, from their start to their pictures.

    for every iteration:
        image, pullback = parameterisation        what the network sees
        value, gradient = objective               forward and backward
        values = optimiser(values, gradient)      uphill
        values = regulariser(values)              towards what pictures look like

Nothing leaves the device but, at the few iterations that the curve remembers, one number per
image and unit; waiting for them also keeps the device's queue short.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from vizframe.ascent import curve
from vizframe.ascent.objective import Uphill
from vizframe.ascent.optimisers import Optimiser
from vizframe.ascent.parameterisations import Parameterisation
from vizframe.ascent.regularisers import Regulariser
from vizframe.network import DeviceArray, FloatArray

Report = Callable[[int], None]
"""Told the iterations done so far."""


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """The parts of a climb; made anew for each batch, since optimisers keep moments."""

    uphill: Uphill
    parameterisation: Parameterisation
    optimiser: Optimiser
    regulariser: Regulariser


@dataclass(frozen=True, slots=True, eq=False)
class Climb:
    """What a climb came to, one entry per image.

    Attributes:
        images: network inputs, (batch, channel, y, x), as last evaluated and unmoved, or the best.
        values: what the optimiser ended with; a later climb may start from it.
        objective: its value for the images, (batch,).
        curve: its value at evenly spaced iterations, (batch, POINTS).
        iterations: evaluations done, (batch,).
        converged: whether it had stopped rising; see `curve.converged`.
        strongest_since: the first remembered iteration from which on, until the end, the unit
            responded more strongly (more weakly, when minimised) than every other unit of its
            layer at the same place; NaN where another one does at the end.
    """

    images: FloatArray
    values: FloatArray
    objective: FloatArray
    curve: FloatArray
    iterations: FloatArray
    converged: npt.NDArray[np.bool_]
    strongest_since: FloatArray


def climb(
    parts: Parts,
    start: DeviceArray,
    iterations: int,
    *,
    early: bool = False,
    keep_best: bool = False,
    report: Report | None = None,
) -> Climb:
    """Climb from the start values; the last iteration only evaluates.

    Args:
        keep_best: keep of each image what raised the unit most on the way, and not the last one.
        early: end as soon as the batch's mean activation has converged and is no less than at the
            start.
        report: told at each iteration that the curve remembers, and all of them at the end.
    """
    memory = _Memory(parts.uphill)
    best = _Best(parts.uphill) if keep_best else None
    moments = set(curve.moments(iterations))
    values, iteration = start, 0
    for iteration in range(iterations - 1):
        image, pullback = parts.parameterisation.show(values, iteration)
        gradient = pullback(parts.uphill.gradient(image))
        if best:
            best.see(image)
        if iteration in moments:
            memory.add(iteration)
            if report:
                report(iteration + 1)
            if early and memory.settled():
                break
        moved = parts.optimiser(values, parts.uphill.penalised_gradient(values, gradient))
        values = parts.regulariser(moved, gradient, iteration)
    else:
        iteration = iterations - 1
    image = parts.parameterisation.picture(values)
    parts.uphill.gradient(image)
    memory.add(iteration)
    if report:
        report(iterations)
    last = memory.climb(image, values)
    if best is None:
        return last
    best.see(image)
    return replace(last, images=best.images, objective=best.objective)


class _Best:
    """The version of each image that has raised its unit most so far in a climb."""

    def __init__(self, uphill: Uphill) -> None:
        self._uphill = uphill
        self.images = np.empty(0, np.float32)
        self.objective = np.empty(0, np.float32)

    def see(self, image: DeviceArray) -> None:
        """Look at the image that was evaluated last. NaN is never better than a number."""
        now, shown = self._uphill.objective(), self._uphill.excitation.ops.to_numpy(image)
        if not self.images.size:
            self.images, self.objective = shown.copy(), now
            return
        raised, before = now * self._uphill.sign, self.objective * self._uphill.sign
        better = (raised > before) | (np.isnan(before) & ~np.isnan(raised))
        better &= np.isfinite(shown).all(axis=(1, 2, 3))
        self.images[better], self.objective[better] = shown[better], now[better]


class _Memory:
    """The few numbers that are kept of a climb."""

    def __init__(self, uphill: Uphill) -> None:
        self._uphill = uphill
        self._iterations: list[int] = []
        self._objective: list[FloatArray] = []
        self._strongest: list[npt.NDArray[np.bool_]] = []

    def add(self, iteration: int) -> None:
        """Remember the last evaluation as this iteration's, in place of one of the same."""
        if self._iterations[-1:] == [iteration]:
            self._iterations.pop(), self._objective.pop(), self._strongest.pop()
        self._iterations.append(iteration)
        self._objective.append(self._uphill.objective())
        self._strongest.append(self._uphill.strongest())

    def settled(self) -> bool:
        rising = self._rising()
        finite = np.isfinite(rising).all(axis=1)
        mean = rising[finite].sum(axis=0, keepdims=True) / max(finite.sum(), 1)
        return bool((curve.has_converged(mean) & curve.has_recovered(mean)).all())

    def climb(self, image: DeviceArray, values: DeviceArray) -> Climb:
        ops = self._uphill.excitation.ops
        objective = np.stack(self._objective, axis=1)
        images = ops.to_numpy(image)
        return Climb(
            images=images,
            values=ops.to_numpy(values),
            objective=objective[:, -1],
            curve=curve.fill_curve(objective),
            iterations=np.full(len(objective), self._iterations[-1] + 1, np.float32),
            converged=curve.has_converged(self._rising()) & _is_finite(images),
            strongest_since=self._since(),
        )

    def _rising(self) -> FloatArray:
        return np.stack(self._objective, axis=1) * np.float32(self._uphill.sign)

    def _since(self) -> FloatArray:
        """The remembered iteration after the last one at which another unit was stronger."""
        others = ~np.stack(self._strongest, axis=1)
        points = others.shape[1]
        first = np.where(others.any(axis=1), points - np.argmax(others[:, ::-1], axis=1), 0)
        iterations = np.asarray([*self._iterations, np.nan], np.float32)
        since: FloatArray = iterations[first]
        return since


def _is_finite(images: FloatArray) -> npt.NDArray[np.bool_]:
    """Which images are numbers throughout. A ReLU may turn NaN into 0, so the curve cannot tell."""
    found: npt.NDArray[np.bool_] = np.isfinite(images).all(axis=(1, 2, 3))
    return found
