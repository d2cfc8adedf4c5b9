"""`vizframe diagnose` says what was found, and its exit code says whether that is bad."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.calling import call
from vizframe import store
from vizframe.diagnosis.report import place_of
from vizframe.history import Finding, StepRecord
from vizframe.history.memory import new_info

DEAD = Finding(
    rule="dead_units",
    symptom="dead_relu",
    severity="alarm",
    since=12,
    step=20,
    sentence="63 of 64 units of dense0 are silent at step 20 (the threshold is 90 %)",
    cause="a rate that is too high",
    remedy="a lower one",
    layers=("dense0",),
)
NOTE = DEAD.model_copy(update={"rule": "imbalance", "symptom": "data", "severity": "note"})


def recorded(folder: Path, *findings: Finding) -> Path:
    with store.create(folder, new_info("run")) as writer:
        writer.commit(StepRecord(step=20, findings=findings))
    return folder


def test_an_alarm_is_told_with_its_cause_and_remedy_and_leaves_with_3(tmp_path: Path) -> None:
    said = call("diagnose", str(recorded(tmp_path / "run", DEAD, NOTE)))
    assert (said.code, said.err) == (3, "")
    assert said.line("alarm").startswith("alarm · dead_relu since step 12: 63 of 64 units")
    assert said.line("likely cause") == "likely cause: a rate that is too high"
    assert said.line("try") == "try: a lower one"
    assert said.line("note").startswith("note · data since step 12")


def test_a_note_alone_is_no_alarm(tmp_path: Path) -> None:
    said = call("diagnose", str(recorded(tmp_path / "run", NOTE)))
    assert said.code == 0
    assert said.line("no alarm") == "no alarm up to step 20"


def test_a_script_is_told_all_of_it(tmp_path: Path) -> None:
    said = call("diagnose", "--json", str(recorded(tmp_path / "run", DEAD)))
    told = json.loads(said.out)
    assert said.code == 3
    assert Finding.model_validate(told["main"]) == DEAD.model_copy(
        update={"place": place_of(DEAD.rule)}
    )
    assert (told["consequences"], told["notes"], told["last_step"]) == ([], [], 20)
