"""A recipe: which parts an ascent is put together from, and their numbers. Presets are recipes.

    objective  ×  parameterisation  ×  optimiser  ×  regularisers

Lengths are in pixels and rates in pixels of 0 … 255, as in the papers; `vizframe.ascent.pixels`
says what they become for a network's own inputs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from vizframe.ascent import optimisers, regularisers, transforms
from vizframe.ascent.climb import Parts
from vizframe.ascent.objective import Uphill
from vizframe.ascent.optimisers import Optimiser
from vizframe.ascent.parameterisations import Fourier, Grounded, Moved, Parameterisation, Plain
from vizframe.ascent.pixels import Pixels, factor
from vizframe.ascent.regularisers import Regulariser
from vizframe.errors import UsageError
from vizframe.network import Excitation, FloatArray, Objective, Ops

Rule = Literal["rate", "progress", "adam"]
Space = Literal["pixels", "fourier", "colour"]
Keep = Literal["last", "best"]


@dataclass(frozen=True, slots=True)
class Recipe:
    """All numbers of an ascent.

    Attributes:
        iterations: evaluations of the network; the last one moves nothing any more.
        rule: the optimiser: a fixed ``rate``, the ``progress`` rule, ``adam``.
        rate: how far to go: times the gradient; at most that for ``progress``; per pixel and
            iteration, in pixels, for ``adam`` (in coefficients, where the space is not pixels).
        progress: how much the objective shall rise per iteration, for that rule.
        l2: λ of Simonyan's ``− λ‖x‖²``, x in mean-subtracted pixels.
        decay: share by which every pixel shrinks per iteration.
        sparsity: pixels by which every pixel moves towards 0 per iteration.
        blur: σ of the Gaussian, 0 for none, at every ``blur_every``-th iteration.
        small_norm, small_contribution: percentiles under which pixels are zeroed, 0 for none.
        start_sd: of the start noise, in pixels, or in coefficients.
        clipped: whether pixels are kept between black and white.
        space: what the optimiser moves: pixels, or frequencies with or without decorrelated
            colours.
        moves: whether the image is jittered, scaled and rotated as lucid does.
        keep: which image of the climb: the last one, or the one that raised the unit most, as
            Yosinski's released code does.
    """

    iterations: int
    rule: Rule
    rate: float
    progress: float = 2.0
    l2: float = 0.0
    decay: float = 0.0
    sparsity: float = 0.0
    blur: float = 0.0
    blur_every: int = 4
    small_norm: float = 0.0
    small_contribution: float = 0.0
    start_sd: float = 10.0
    clipped: bool = True
    space: Space = "pixels"
    moves: bool = False
    keep: Keep = "last"

    def __post_init__(self) -> None:
        if self.moves and self.keep == "best":
            raise UsageError(
                "keep is 'best' for a preset that moves the image, so that what was evaluated on "
                "the way is not the picture; it can be 'last' there"
            )
        if self.space == "pixels":
            return
        for name in ("l2", "decay", "sparsity", "blur", "small_norm", "small_contribution"):
            if getattr(self, name):
                raise UsageError(
                    f"{name} is {getattr(self, name)} for a preset that moves frequencies; "
                    "it can be 0 there, or take a preset that moves pixels"
                )
        if self.rule != "adam":
            raise UsageError(
                f"the rule is {self.rule!r} for a preset that moves frequencies; it can be 'adam'"
            )


def parts(
    recipe: Recipe,
    excitation: Excitation,
    objective: Objective,
    pixels: Pixels,
    *,
    minimise: bool = False,
    seed: int = 0,
    strength: FloatArray | None = None,
) -> Parts:
    """All parts of one batch's climb, the excitation asked for the objective, its gradients so many
    times as strong."""
    ops = excitation.ops
    return Parts(
        uphill=Uphill(
            excitation, objective, pixels, minimise=minimise, l2=recipe.l2, strength=strength
        ),
        parameterisation=parameterisation(recipe, ops, pixels, excitation.shape, seed),
        optimiser=optimiser(recipe, ops, pixels),
        regulariser=regulariser(recipe, ops, pixels),
    )


def parameterisation(
    recipe: Recipe, ops: Ops, pixels: Pixels, shape: tuple[int, ...], seed: int
) -> Parameterisation:
    """What the recipe's optimiser moves, for images of shape (batch, channel, y, x)."""
    inner: Grounded
    if recipe.space == "pixels":
        inner = Plain(ops, pixels, recipe.start_sd, clipped=recipe.clipped)
    else:
        inner = Fourier(ops, pixels, shape, recipe.start_sd, colour=recipe.space == "colour")
    if not recipe.moves:
        return inner
    return Moved(inner, ops, transforms.lucid(min(shape[2:])), seed)


def optimiser(recipe: Recipe, ops: Ops, pixels: Pixels) -> Optimiser:
    """A fresh optimiser, its rate in what the parameterisation holds."""
    squared = factor(ops, [scale * scale for scale in pixels.scale])
    if recipe.rule == "progress":
        return optimisers.progress(ops, recipe.progress, recipe.rate, squared)
    if recipe.rule == "rate":
        return optimisers.ascent(
            factor(ops, [recipe.rate / (scale * scale) for scale in pixels.scale])
        )
    if recipe.space == "pixels":
        rate = factor(ops, [recipe.rate / scale for scale in pixels.scale])
        return optimisers.adam(ops, rate)
    return optimisers.adam(ops, recipe.rate)


def regulariser(recipe: Recipe, ops: Ops, pixels: Pixels) -> Regulariser:
    """The recipe's regularisers in the paper's order; the clip that begins the next iteration
    comes last."""
    if recipe.space != "pixels":
        return regularisers.in_order(())
    chosen: list[Regulariser] = []
    if recipe.decay:
        chosen.append(regularisers.decay(recipe.decay))
    if recipe.sparsity:
        chosen.append(regularisers.sparsity(ops, recipe.sparsity, pixels))
    if recipe.blur:
        chosen.append(regularisers.blur(ops, recipe.blur, recipe.blur_every))
    if recipe.small_norm:
        chosen.append(regularisers.drop_small_norms(ops, recipe.small_norm, pixels))
    if recipe.small_contribution:
        chosen.append(regularisers.drop_small_contributions(ops, recipe.small_contribution))
    if recipe.clipped:
        chosen.append(regularisers.valid_range(ops, pixels))
    return regularisers.in_order(chosen)
