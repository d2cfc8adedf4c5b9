"""What came of a run, for the list of runs: last numbers, vitals, findings, hyper-parameters."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from vizframe.history import Finding, History, Scalars
from vizframe.history.ranks import all_findings
from vizframe.history.vital_names import VITALS
from vizframe.webapp.numbers import finite, plain

Numbers = Mapping[str, npt.NDArray[np.float64]]

RESULT_POINTS = 60
"""Of the small curve in the list of runs."""


def result(history: History) -> dict[str, object]:
    """What came of a run, and what it was trained with.

    ``vitals`` are medians over the run. ``findings`` counts alarms and notes; it is None where
    nobody looked, which is not the same as nothing found.
    """
    scalars, findings = history.scalars(), all_findings(history)
    plain_names = {name: each for name, each in scalars.values.items() if "/" not in name}
    vitals = _vitals(scalars, findings)
    return {
        "last": _last(plain_names),
        "vitals": vitals,
        "findings": _counts(findings) if vitals or findings else None,
        "spark": _spark(plain_names),
        "hyper": {name: _word(value) for name, value in history.info.hyper_parameters.items()},
    }


def _last(values: Numbers) -> dict[str, float | None]:
    known = {name: each[np.isfinite(each)] for name, each in values.items()}
    return {name: finite(float(each[-1])) for name, each in known.items() if len(each)}


def _vitals(scalars: Scalars, findings: Sequence[Finding]) -> dict[str, float]:
    """Medians over the recorded steps, or, of a run that has none, over its findings."""
    found = {}
    for name, scalar in VITALS.items():
        known = scalars.values.get(scalar, np.array([]))
        known = known[np.isfinite(known)]
        if not len(known):
            told = (each.numbers.get(name) for each in findings)
            known = np.array([each for each in told if each is not None])
        if len(known):
            found[name] = float(np.median(known))
    return found


def _counts(findings: Sequence[Finding]) -> dict[str, int]:
    """A note whose rule gave an alarm later is no finding of its own."""
    loud = {each.rule for each in findings if each.severity == "alarm"}
    notes = [each for each in findings if each.severity == "note" and each.rule not in loud]
    return {"alarms": sum(each.severity == "alarm" for each in findings), "notes": len(notes)}


def _word(value: object) -> object:
    """A hyper-parameter as JSON can say it: a number, or a text."""
    is_number = isinstance(value, (int, float)) and math.isfinite(value)
    return value if is_number or isinstance(value, str) else str(value)


def _spark(values: Numbers) -> dict[str, object] | None:
    """The loss, or the first number that there is, at a few points."""
    losses = [name for name in values if "loss" in name.lower()]
    name = next(iter(losses or values), None)
    if name is None:
        return None
    known = values[name][np.isfinite(values[name])]
    stride = max(1, -(-len(known) // RESULT_POINTS))
    return {"name": name, "values": plain(known[::stride])}
