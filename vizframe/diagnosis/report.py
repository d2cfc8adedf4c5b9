"""Findings in order: the earliest cause first, under it what it brought about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vizframe.diagnosis.rules import RULES
from vizframe.history import Finding
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
        alarms = sorted((f for f in together(findings) if f.severity == "alarm"), key=_when)
        loud = {each.rule for each in alarms}
        notes = [f for f in together(findings) if f.severity == "note" and f.rule not in loud]
        return cls(
            alarms[0] if alarms else None, tuple(alarms[1:]), tuple(sorted(notes, key=_when))
        )


NEAR = 5
"""Steps within which of two findings it is not the earlier one that is the cause, but the one that
brings about the other: readings lie further apart than faults."""


def _when(found: Finding) -> tuple[bool, int, int, int]:
    is_outcome = found.rule in OUTCOMES
    return is_outcome, found.since // NEAR, _ORDER.get(found.rule, len(_ORDER)), found.since


OUTCOMES = frozenset(("not_learning",))
"""Rules that say what comes of a fault, and no fault itself: last, whenever it began."""


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
