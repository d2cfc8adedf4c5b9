"""A page that polls is told what is new, and all of it where what it knows is no longer so."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from vizframe.history import StepRecord
from vizframe.history.memory import MemoryCatalog, MemoryRun
from vizframe.testing.runs import fake_run, fill
from vizframe.webapp import create_app, difference, open_runs

GROWING = ("steps", "times", "epochs")


@pytest.fixture(autouse=True)
def _runs_are_looked_at_by_every_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(open_runs, "REFRESH_SECONDS", 0.0)


@pytest.fixture
def growing() -> MemoryRun:
    return fake_run(range(0, 50, 10))


@pytest.fixture
def asked(growing: MemoryRun) -> FlaskClient:
    found: FlaskClient = create_app(MemoryCatalog({"a": growing})).server.test_client()
    return found


def ask(client: FlaskClient, route: str, known: Any = None) -> Any:
    query = {"run": "a"}
    if known is not None:
        query |= {"since": str(len(known["steps"])), "mark": known["mark"]}
    answer = client.get(f"/api/v1/{route}", query_string=query)
    assert answer.status_code == 200
    return answer.json


def test_of_a_run_that_is_known_only_the_new_steps_are_told(
    growing: MemoryRun, asked: FlaskClient
) -> None:
    before = ask(asked, "run")
    same = ask(asked, "run", before)
    assert (same["since"], same["steps"], same["mark"]) == (5, [], before["mark"])
    with growing.writer() as writer:
        fill(writer, [50, 60])
    new = ask(asked, "run", before)
    after = ask(asked, "run")
    assert (new["since"], new["steps"]) == (5, [50, 60])
    assert "series" not in new
    assert "layers" not in new
    for name in GROWING:
        assert before[name] + new[name] == after[name]
    lists = zip(before["step_lists"], new["step_lists"], strict=True)
    assert [known + more for known, more in lists] == after["step_lists"]
    assert (new["mark"], new["version"]) == (after["mark"], after["version"])


def test_a_run_that_went_back_or_has_other_series_is_told_as_a_whole(
    growing: MemoryRun, asked: FlaskClient
) -> None:
    before = ask(asked, "run")
    with growing.writer() as writer:
        writer.commit(StepRecord(step=25))
    told = ask(asked, "run", before)
    assert "since" not in told
    assert told["steps"] == [0, 10, 20, 25]
    assert "since" not in ask(asked, "run", {**before, "mark": "forged"})
    assert "since" not in ask(asked, "run", {**before, "steps": range(999)})


def test_curves_are_told_from_where_they_are_known(growing: MemoryRun, asked: FlaskClient) -> None:
    before = ask(asked, "curves")
    with growing.writer() as writer:
        writer.commit(StepRecord(step=70, scalars={"loss": 0.5, "late": 1.0}))
    ask(asked, "run")  # looks for new steps
    new = ask(asked, "curves", before)
    assert (new["since"], new["steps"]) == (5, [70])
    assert new["values"]["loss"] == [0.5]
    assert new["values"]["late"] == [1.0]
    with growing.writer() as writer:
        writer.commit(StepRecord(step=30, scalars={"loss": 9.0}))
    ask(asked, "run")
    whole = ask(asked, "curves", before)
    assert (whole["since"], whole["steps"]) == (0, [0, 10, 20, 30])


def test_nothing_new_is_made_once_for_all_who_ask(
    asked: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    real = difference.told

    def told(manifest: Any, since: int, mark: str, sums: Any) -> Any:
        made.append(mark)
        return real(manifest, since, mark, sums)

    monkeypatch.setattr(difference, "told", told)
    for _ in range(5):
        ask(asked, "run")
    assert len(made) == 1


def test_more_numbers_than_a_page_can_take_are_a_sentence(
    asked: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(difference, "MOST_NUMBERS", 3)
    answer = asked.get("/api/v1/curves?run=a")
    assert answer.status_code == 503
    assert answer.json is not None
    assert "numbers; read them with vizframe.open" in answer.json["error"]
