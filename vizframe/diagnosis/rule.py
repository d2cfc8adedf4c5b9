"""A rule: one thing that can be wrong with a training, and how to know it.

    class TooQuiet(Rule):
        name = "too_quiet"
        symptom = "too_quiet"
        threshold = "loss under 1e-9 at the first step"
        reason = "no untrained network is this right: the labels are among the inputs"
        source = "ours"

        def look(self, course):
            losses = course.losses()
            if len(losses) and losses[0] < 1e-9:
                return Sign("alarm", since=0, sentence=f"the first loss is {losses[0]:.1e}, …")
            return None

An installed package offers its own as entry points of group ``vizframe.rules``.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from vizframe.diagnosis.course import Course
from vizframe.history import Curve, Finding

Severity = Literal["note", "alarm"]


@dataclass(frozen=True, slots=True, eq=False)
class Sign:
    """What a rule sees now.

    Attributes:
        severity: an ``alarm`` says that the training is sick, a ``note`` what may be meant so.
        since: the step from which on it holds, as far as the course tells; 0 before any update.
        sentence: layer, step, number and threshold.
        cause: what most likely brought it about.
        remedy: what to try first, with the number that leads to it.
        layers, units: where.
        numbers: those in the sentence, by name.
        curve: what was looked at, as (name, steps, values).
    """

    severity: Severity
    since: int
    sentence: str
    cause: str = ""
    remedy: str = ""
    layers: Sequence[str] = ()
    units: Mapping[str, Sequence[int]] = field(default_factory=dict)
    numbers: Mapping[str, float] = field(default_factory=dict)
    curve: tuple[str, Sequence[int], Sequence[float]] | None = None


class Rule(ABC):
    """Looks at the course of a training; see the module for an example.

    Attributes:
        name: what `vizframe diagnose` calls it.
        symptom: the family it belongs to, such as ``exploding``; what ``--stop-on`` takes.
        threshold: what must hold, in words with the numbers.
        reason: why these numbers.
        source: who found or measured them.
        patience: how many readings in a row it must hold before it is said.
    """

    name: ClassVar[str]
    symptom: ClassVar[str]
    threshold: ClassVar[str]
    reason: ClassVar[str]
    source: ClassVar[str]
    patience: ClassVar[int] = 1

    @abstractmethod
    def look(self, course: Course) -> Sign | None:
        """What is seen now; None where all is well, or nothing can be said."""


def finding(rule: Rule, sign: Sign, since: int, step: int, place: int = 0) -> Finding:
    """The sign as the history keeps it."""
    curve = None
    if sign.curve is not None:
        name, steps, values = sign.curve
        curve = Curve(name=name, steps=tuple(steps), values=tuple(map(_plain, values)))
    return Finding(
        rule=rule.name,
        symptom=rule.symptom,
        severity=sign.severity,
        since=since,
        step=step,
        sentence=sign.sentence,
        cause=sign.cause,
        remedy=sign.remedy,
        layers=tuple(sign.layers),
        units={layer: tuple(map(int, units)) for layer, units in sign.units.items()},
        numbers={name: _plain(number) for name, number in sign.numbers.items()},
        threshold=rule.threshold,
        curve=curve,
        place=place,
    )


def _plain(number: float) -> float | None:
    value = float(number)
    return value if math.isfinite(value) else None


def listed(names: Iterable[str], most: int = 4) -> str:
    """Names in a sentence: the first ones, and how many more."""
    found = list(names)
    shown = ", ".join(found[:most])
    return f"{shown} and {len(found) - most} more" if len(found) > most else shown
