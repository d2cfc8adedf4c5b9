"""What went wrong, as a history remembers it: a plugin that broke, a training that is sick."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict

NEAR = 5
"""Steps within which of two findings it is not the earlier one that is the cause, but the one that
brings about the other: readings lie further apart than faults."""

OUTCOME = 1000
"""See `Finding.place`."""


class Failure(BaseModel):
    """A plugin that broke during training, as the history remembers it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    step: int
    label: str
    sentence: str
    layer: str = ""
    rank: int = 0


class Curve(BaseModel):
    """A number over steps: what made a rule speak. ``None`` stands for NaN and ±inf."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str
    steps: tuple[int, ...]
    values: tuple[float | None, ...]


class Finding(BaseModel):
    """What is wrong with the training, as the history remembers it: see `vizframe.diagnosis`."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    rule: str
    """Which rule found it."""
    symptom: str
    """The family: ``nan``, ``exploding``, ``dead_relu``, …."""
    severity: Literal["note", "alarm"]
    since: int
    """The step from which on it holds; 0 is before the first update."""
    step: int
    """The step at which it was noticed."""
    sentence: str
    """What is seen: layer, step, number and threshold."""
    cause: str = ""
    remedy: str = ""
    layers: tuple[str, ...] = ()
    units: dict[str, tuple[int, ...]] = {}
    """By layer, the units that are meant."""
    numbers: dict[str, float | None] = {}
    threshold: str = ""
    curve: Curve | None = None
    place: int = 0
    """Among the causes: of two that began together the lower one brings about the other. From
    `OUTCOME` on it is what comes of a fault, and no fault itself."""
    rank: int = 0
    """The worker whose training it was seen in."""
    also: tuple[int, ...] = ()
    """Other workers in whose training the rule spoke: see `vizframe.history.ranks.together`."""


def causes_first(findings: Iterable[Finding]) -> Sequence[Finding]:
    """The earliest cause first, what comes of it last, whenever that began."""
    return sorted(findings, key=lambda f: (f.place >= OUTCOME, f.since // NEAR, f.place, f.since))
