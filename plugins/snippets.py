"""Snippets: where in the probe's texts each unit is strongest, and what of a text it follows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar, NamedTuple

import numpy as np
from pydantic import Field, PrivateAttr

from vizframe.network import FloatArray
from vizframe.network.layer import Layer
from vizframe.network.probe import Probe
from vizframe.plugin import Growth, Plugin, Scene
from vizframe.plugin.column import Column
from vizframe.plugin.frame import Frame, Picture
from vizframe.sequences.layers import recurrent_layers
from vizframe.sequences.predicates import PREDICATES, predicates
from vizframe.sequences.windows import Windows, best_of, correlations, strongest_windows

OF_WINDOWS: dict[str, str | Column] = {
    "place": "The token in the middle of each window, from 0, the strongest window first.",
    "value": "How far from its mean the unit is there.",
    "strength": Column("The distance of the strongest, whatever its sign.", role="strength"),
}


WORDLESS = ("The tokens have no words, so nothing is said of what units follow",)


class Following(NamedTuple):
    """|r| of every unit with every predicate, (predicate, unit), on two texts."""

    step: int
    first: FloatArray
    second: FloatArray


class Snippets(Plugin):
    """Where in the probe's texts each unit of a recurrent layer is strongest, and what it follows.

    Of each text the windows around the places where the unit's output is farthest from its mean;
    and how closely it follows the position in the line, quotes, brackets, capital letters and
    spaces. A unit is named after one of them where it does so on a second text too, and more
    closely than the best unit did at the first recorded step.
    """

    name: ClassVar[str] = "snippets"
    grows_with: ClassVar[tuple[Growth, ...]] = ("images",)
    makes: ClassVar[tuple[Picture, ...]] = (
        Picture(
            axes=("probe", "unit", "time"),
            title="strongest windows",
            draw="text",
            signed=True,
            help="Each unit's distance from its mean in its strongest windows; 0 elsewhere.",
            columns=OF_WINDOWS
            | {
                name: f"|r| with {what}: on the first text, on the second, and on the second at "
                "the first recorded step."
                for name, what in PREDICATES.items()
            },
        ),
    )

    images: int | None = Field(
        4, ge=1, description="How many texts of the probe, from the first; all if null."
    )
    top: int = Field(4, ge=1, le=100, description="How many windows of each unit in each text.")
    around: int = Field(8, ge=0, description="How many tokens a window has on either side.")
    least: float = Field(0.6, ge=0, le=1, description="The |r| from which a unit has a name.")
    above: float = Field(
        0.2, ge=0, le=1, description="By how much it lies above the untrained network's best unit."
    )

    _start: dict[str, Following] = PrivateAttr(default_factory=dict)

    def visualize(self, scene: Scene) -> Iterator[Frame]:
        for layer in recurrent_layers(scene):
            with scene.leave_out_refused(layer):
                yield self._frame(scene, layer)

    def _frame(self, scene: Scene, layer: Layer) -> Frame:
        rows = scene.activations(layer)[: self.images].transpose(0, 2, 1)
        lengths = [len(each) for each in scene.probe.tokens] or [rows.shape[2]] * len(rows)
        found = [
            self._windows(row, min(length, row.shape[1]))
            for row, length in zip(rows, lengths, strict=False)
        ]
        values = np.stack([each.values for each in found])
        columns = {
            "place": np.stack([each.places for each in found]),
            "value": values,
            "strength": np.nan_to_num(np.abs(values[..., 0])),
        }
        shown = np.stack([each.shown for each in found])
        has_tokens = bool(scene.probe.tokens)
        if not scene.probe.vocabulary:
            return Frame(layer.name, shown, columns=columns, notes=WORDLESS * has_tokens)
        now = _following(scene.step, rows, scene.probe)
        start = self._start.setdefault(layer.name, now)
        return Frame(
            layer.name,
            shown,
            columns=columns | _columns(now, start, len(rows)),
            notes=tuple(self._names(now, start)),
            scalars=_curves(now),
        )

    def _windows(self, rows: FloatArray, length: int) -> Windows:
        """The windows of one text, and nothing behind its end."""
        found = strongest_windows(rows[:, :length], self.top, self.around)
        shown = np.zeros(rows.shape, np.float32)
        shown[:, :length] = found.shown
        return Windows(found.places, found.values, shown)

    def _names(self, now: Following, start: Following) -> Iterator[str]:
        """The unit that follows each predicate best, where that says more than chance does."""
        units, held = best_of(now.first, now.second)
        before = best_of(start.first, start.second)[1]
        for name, unit, found, was in zip(PREDICATES, units, held, before, strict=True):
            if found >= self.least and found - was >= self.above:
                yield (
                    f"Unit {unit} follows {name}: |r| {found:.2f} on the second text, where the "
                    f"best unit of step {start.step} had {was:.2f}"
                )


def _following(step: int, rows: FloatArray, probe: Probe) -> Following:
    """What the units follow on the first texts and on the second ones: of one text, its halves."""
    texts = [tokens[: rows.shape[2]] for tokens in probe.tokens[: len(rows)]]
    properties = [predicates(each) for each in texts]
    states = [row[:, : len(text)] for row, text in zip(rows, texts, strict=True)]
    first, second = (
        correlations(np.concatenate(state, axis=1), np.concatenate(property_, axis=1))
        for state, property_ in zip(_halves(states), _halves(properties), strict=True)
    )
    return Following(step, first, second)


def _halves(texts: Sequence[FloatArray]) -> tuple[list[FloatArray], list[FloatArray]]:
    """Texts to choose by and texts to judge by, each (…, time)."""
    if len(texts) == 1:
        middle = (texts[0].shape[1] + 1) // 2
        return [texts[0][:, :middle]], [texts[0][:, middle:]]
    middle = (len(texts) + 1) // 2
    return list(texts[:middle]), list(texts[middle:])


def _columns(now: Following, start: Following, texts: int) -> dict[str, FloatArray]:
    """Three numbers per unit for every predicate, the same beside each text."""
    every = np.stack([now.first, now.second, start.second], axis=-1)
    wide = np.broadcast_to(every[:, None], (len(every), texts, *every.shape[1:]))
    return {name: np.array(each) for name, each in zip(PREDICATES, wide, strict=True)}


def _curves(now: Following) -> dict[str, float]:
    """The |r| on the second text of the unit that follows each predicate best on the first."""
    held = best_of(now.first, now.second)[1]
    return {
        f"best |r| with {name}": float(each)
        for name, each in zip(PREDICATES, held, strict=True)
        if np.isfinite(each)
    }
