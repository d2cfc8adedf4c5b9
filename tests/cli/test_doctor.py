"""`vizframe doctor`: what works, and what would cure the rest."""

from __future__ import annotations

import json
import sys
from importlib.util import find_spec

import pytest

from vizframe.cli.doctor import _TRAINERS, doctor


def test_where_all_works_every_finding_says_with_what(capsys: pytest.CaptureFixture[str]) -> None:
    assert doctor(as_json=True) == 0
    findings = json.loads(capsys.readouterr().out)
    missing = [] if any(map(find_spec, _TRAINERS)) else ["callbacks"]
    assert [each["what"] for each in findings if not each["works"]] == missing
    assert "wrote 1 step and read it back" in findings[1]["says"]


def test_a_missing_extra_is_named_with_its_cure_and_is_no_failure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "mlxtend.data", None)
    assert doctor() == 0
    cure = "– demo       the demo needs the extra 'demo': pip install 'vizframe[demo]'"
    assert cure in capsys.readouterr().out


def test_trainers_that_have_a_callback_are_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("vizframe.cli.doctor.find_spec", lambda name: name == "transformers")
    monkeypatch.setattr("vizframe.cli.doctor._version", lambda name: "5.24.0")
    doctor()
    assert "✓ callbacks  for transformers 5.24.0" in capsys.readouterr().out
    monkeypatch.setattr("vizframe.cli.doctor.find_spec", lambda name: None)
    doctor()
    told = "– callbacks  a callback for a trainer needs the extra 'lightning' or 'transformers'"
    assert told in capsys.readouterr().out


def test_what_looks_at_runs_must_work(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "vizframe.webapp", None)
    assert doctor() == 1
    assert "✗ app " in capsys.readouterr().out
