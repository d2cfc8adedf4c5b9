"""A diagnosis under way: rules look at a course again and again, and what lasts is a finding."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

from vizframe.diagnosis.course import Course
from vizframe.diagnosis.report import place_of
from vizframe.diagnosis.rule import Rule, Sign, finding
from vizframe.history import Finding


class Diagnosis:
    """Remembers what each rule saw, and says each thing once.

    A rule that sees an alarm in ``patience`` readings in a row has found it, since the first of
    them or since when the rule itself says. What was noted may become an alarm later; nothing
    becomes less.
    """

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules = list(rules)
        self._streaks: dict[tuple[str, str], list[Sign]] = {}
        self._said: set[tuple[str, str]] = set()
        self.findings: list[Finding] = []
        self.broken: dict[str, str] = {}

    def examine(self, course: Course) -> Sequence[Finding]:
        """What is found now and was not before, causes before what they bring about. A rule that
        raises is left out from then on, and stands in ``broken`` with its reason."""
        found = [each for rule in self._rules for each in self._ask(rule, course)]
        self.findings += found
        return found

    def _ask(self, rule: Rule, course: Course) -> Iterable[Finding]:
        if rule.name in self.broken or (rule.name, "alarm") in self._said:
            return []
        try:
            sign = rule.look(course)
        except Exception as error:  # a rule is anybody's code: it may raise anything
            self.broken[rule.name] = f"{type(error).__name__}: {error}"
            return []
        return self._weigh(rule, sign, course)

    def _weigh(self, rule: Rule, sign: Sign | None, course: Course) -> Iterable[Finding]:
        severities = {"alarm": ("note", "alarm"), "note": ("note",)}
        holding = severities[sign.severity] if sign is not None else ()
        for severity in ("note", "alarm"):
            if severity not in holding:
                self._streaks.pop((rule.name, severity), None)
        if sign is None:
            return []
        key = (rule.name, sign.severity)
        for severity in holding:
            self._streaks.setdefault((rule.name, severity), []).append(sign)
        patience = 1 if course.ended else rule.patience
        if key in self._said or len(self._streaks[key]) < patience:
            return []
        self._said.add(key)
        since = min((each.since for each in self._streaks[key]), default=math.inf)
        told = replace(sign, numbers={**course.hyper_numbers, **sign.numbers})
        return [finding(rule, told, int(since), course.step, place_of(rule.name))]
