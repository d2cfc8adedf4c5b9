"""Findings in order: the earliest cause first, under it what it brought about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vizframe.diagnosis.rules import RULES
from vizframe.history import Finding
from vizframe.history.finding import OUTCOME, causes_first
from vizframe.history.ranks import on_ranks, together

_ORDER = {rule.name: place for place, rule in enumerate(RULES)}


@dataclass(frozen=True, slots=True)
class Report:
    """What a run's findings amount to.

    Attributes:
        main: the earliest alarm; of those that began together the one that brings about the
            others. None of a training that is well.
        consequences: the other alarms, in their order.
        notes: what may be meant so; none whose rule gave an alarm later.
    """

    main: Finding | None
    consequences: tuple[Finding, ...]
    notes: tuple[Finding, ...]

    @classmethod
    def of(cls, findings: Sequence[Finding]) -> Report:
        found = causes_first(map(_placed, together(findings)))
        alarms = [f for f in found if f.severity == "alarm"]
        loud = {each.rule for each in alarms}
        notes = [f for f in found if f.severity == "note" and f.rule not in loud]
        return cls(alarms[0] if alarms else None, tuple(alarms[1:]), tuple(notes))


OUTCOMES = frozenset(("not_learning",))
"""Rules that say what comes of a fault, and no fault itself: last, whenever it began."""


def place_of(rule: str) -> int:
    """The place of a rule in the order of causes; rules that are not vizframe's own come last."""
    return _ORDER.get(rule, len(_ORDER)) + (OUTCOME if rule in OUTCOMES else 0)


def _placed(found: Finding) -> Finding:
    """Findings of older runs have no place."""
    return found if found.place else found.model_copy(update={"place": place_of(found.rule)})


def brief(found: Finding) -> str:
    """A finding in one line, for who watches the training."""
    return f"{found.symptom}{on_ranks(found)} since step {found.since}: {found.sentence}"


def sentences(found: Finding) -> list[str]:
    """A finding as a person reads it, a sentence a line."""
    said = [f"{found.severity} · {brief(found)}"]
    if found.cause:
        said.append(f"likely cause: {found.cause}")
    if found.remedy:
        said.append(f"try: {found.remedy}")
    return said
