"""What came of a run, for the list of runs: vitals and findings."""

from __future__ import annotations

from vizframe.history import Finding, StepRecord
from vizframe.history.memory import MemoryHistory, MemoryRun
from vizframe.testing.runs import fake_info
from vizframe.webapp.results import result


def finding(rule: str, severity: str, ratio: float | None = None) -> Finding:
    numbers = {} if ratio is None else {"update_ratio": ratio}
    return Finding.model_validate(
        {"rule": rule, "symptom": rule, "severity": severity, "since": 0, "step": 1}
        | {"sentence": "it is so", "numbers": numbers}
    )


def run_of(*records: StepRecord) -> MemoryHistory:
    run = MemoryRun(fake_info())
    with run.writer() as writer:
        for record in records:
            writer.commit(record)
    return run.history()


def test_vitals_are_the_medians_over_the_recorded_steps() -> None:
    ratios = (0.1, 0.3, float("nan"), 0.2)
    run = run_of(
        *(
            StepRecord(step=step, time=1e9 + step, scalars={"updates/ratio": ratio})
            for step, ratio in enumerate(ratios)
        )
    )
    found = result(run)
    assert found["vitals"] == {"update_ratio": 0.2}
    assert found["findings"] == {"alarms": 0, "notes": 0}


def test_findings_stand_in_for_vitals_and_are_counted() -> None:
    told = (
        finding("exploding", "note", 0.4),
        finding("exploding", "alarm", 0.6),
        finding("inputs", "note"),
    )
    found = result(run_of(StepRecord(step=1, time=1e9, scalars={"loss": 1.0}, findings=told)))
    assert found["vitals"] == {"update_ratio": 0.5}
    assert found["findings"] == {"alarms": 1, "notes": 1}


def test_of_a_run_that_nobody_watched_no_findings_are_not_none_found() -> None:
    found = result(run_of(StepRecord(step=1, time=1e9, scalars={"loss": 1.0})))
    assert found["vitals"] == {}
    assert found["findings"] is None
