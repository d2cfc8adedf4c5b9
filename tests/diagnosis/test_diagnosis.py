"""What lasts is said once, causes first; a rule that breaks harms no other."""

from __future__ import annotations

import itertools
from importlib.metadata import EntryPoint

from vizframe.diagnosis.course import Course
from vizframe.diagnosis.diagnosis import Diagnosis
from vizframe.diagnosis.registry import load_rules
from vizframe.diagnosis.report import Report
from vizframe.diagnosis.rule import Rule, Severity, Sign
from vizframe.diagnosis.rules import RULES
from vizframe.history import Finding


class Scripted(Rule):
    """Sees what a test says."""

    name = "scripted"
    symptom = "scripted"
    threshold = reason = source = "a test"
    patience = 2

    def __init__(self, *seen: Severity | None) -> None:
        self._seen = itertools.chain(seen, itertools.repeat(None))
        self._step = itertools.count(10, 10)

    def look(self, course: Course) -> Sign | None:
        step, severity = next(self._step), next(self._seen)
        return None if severity is None else Sign(severity, step, "it is so")


class Broken(Rule):
    """Raises."""

    name = "broken"
    symptom = "broken"
    threshold = reason = source = "a test"

    def look(self, course: Course) -> Sign | None:
        raise ZeroDivisionError("no such luck")


def said(*seen: Severity | None) -> list[tuple[str, int]]:
    diagnosis = Diagnosis([Scripted(*seen)])
    for _ in range(len(seen) + 2):
        diagnosis.examine(Course())
    return [(each.severity, each.since) for each in diagnosis.findings]


def test_what_does_not_last_is_not_said() -> None:
    assert said("alarm", None, "alarm", None) == []


def test_what_lasts_is_said_once_since_it_began() -> None:
    assert said("alarm", "alarm", "alarm", "alarm") == [("alarm", 10)]


def test_a_note_becomes_an_alarm_and_nothing_becomes_less() -> None:
    assert said("note", "note", "alarm", "alarm", "note") == [("note", 10), ("alarm", 30)]


def test_at_the_end_of_a_training_nothing_is_waited_for() -> None:
    course = Course()
    course.ended = True
    diagnosis = Diagnosis([Scripted("alarm")])
    assert [each.severity for each in diagnosis.examine(course)] == ["alarm"]


def test_a_rule_that_breaks_is_named_and_the_others_go_on() -> None:
    diagnosis = Diagnosis([Broken(), Scripted("alarm", "alarm")])
    diagnosis.examine(Course())
    diagnosis.examine(Course())
    assert diagnosis.broken == {"broken": "ZeroDivisionError: no such luck"}
    assert [each.rule for each in diagnosis.findings] == ["scripted"]


def finding(rule: str, since: int, severity: Severity = "alarm") -> Finding:
    return Finding(
        rule=rule, symptom=rule, severity=severity, since=since, step=99, sentence="it is so"
    )


def test_the_earliest_cause_comes_first_and_the_rest_is_under_it() -> None:
    report = Report.of(
        [
            finding("not_learning", 0),
            finding("dead_units", 40),
            finding("huge_updates", 2),
            finding("imbalance", 0, "note"),
        ]
    )
    assert report.main is not None
    assert report.main.rule == "huge_updates"
    assert [each.rule for each in report.consequences] == ["dead_units", "not_learning"]
    assert [each.rule for each in report.notes] == ["imbalance"]


def test_a_note_that_became_an_alarm_is_no_note_any_more() -> None:
    report = Report.of([finding("frozen", 0, "note"), finding("frozen", 0)])
    assert report.notes == ()


def test_rules_of_other_packages_are_found_and_broken_ones_are_named() -> None:
    group = "vizframe.rules"
    here = "tests.diagnosis.test_diagnosis"
    points = [
        EntryPoint("broken", f"{here}:Broken", group),
        EntryPoint("course", "vizframe.diagnosis.course:Course", group),
        EntryPoint("gone", "nowhere.at.all:Rule", group),
    ]
    rules, sentences = load_rules(points)
    assert [each.name for each in rules] == [*(rule.name for rule in RULES), "broken"]
    assert [sentence.split(":")[0] for sentence in sentences] == [
        "rule 'course' from vizframe.diagnosis.course",
        "rule 'gone' from nowhere.at.all",
    ]


def test_every_rule_says_its_threshold_its_reason_and_its_source() -> None:
    for rule in RULES:
        assert rule.__doc__
        assert min(map(len, (rule.threshold, rule.reason, rule.source))) > 3
    assert len({rule.name for rule in RULES}) == len(RULES)
