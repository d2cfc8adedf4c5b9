"""`vizframe doctor`: what works, and what would cure the rest."""

from __future__ import annotations

import json
import sys

import pytest

from vizframe.cli.doctor import doctor


def test_where_all_works_every_finding_says_with_what(capsys: pytest.CaptureFixture[str]) -> None:
    assert doctor(as_json=True) == 0
    findings = json.loads(capsys.readouterr().out)
    assert [each["what"] for each in findings if not each["works"]] == []
    assert "wrote 1 step and read it back" in findings[1]["says"]


def test_a_missing_extra_is_named_with_its_cure_and_is_no_failure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "mlxtend.data", None)
    assert doctor() == 0
    cure = "✗ demo       the demo needs the extra 'demo': pip install 'vizframe[demo]'"
    assert cure in capsys.readouterr().out


def test_what_looks_at_runs_must_work(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "vizframe.webapp", None)
    assert doctor() == 1
    assert "✗ app " in capsys.readouterr().out
