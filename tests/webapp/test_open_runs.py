"""Runs that are open: looked at anew, but not by every request."""

from __future__ import annotations

import time

import pytest

from vizframe.errors import UnknownName
from vizframe.history.memory import MemoryCatalog, MemoryHistory, MemoryRun
from vizframe.testing.runs import fake_info
from vizframe.webapp import open_runs
from vizframe.webapp.open_runs import OpenRuns


def test_a_run_is_looked_at_once_in_a_fifth_of_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[float] = []
    clock = [100.0]

    def refresh(_: MemoryHistory) -> bool:
        looks.append(clock[0])
        return False

    runs = OpenRuns(MemoryCatalog({"a": MemoryRun(fake_info(), None)}))
    with runs.run("a"):  # opening reads all there is; what counts are the looks after it
        pass
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(MemoryHistory, "refresh", refresh)
    for clock[0] in (100.0, 100.1, 100.19, 100.21, 100.3, 100.42):
        with runs.run("a", fresh=True):
            pass
    with runs.run("a"):
        pass
    assert looks == [100.0, 100.21, 100.42]


def test_what_was_computed_of_runs_asked_for_longest_ago_is_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(open_runs, "MOST_RUNS", 2)
    runs = OpenRuns(MemoryCatalog({name: MemoryRun(fake_info(), None) for name in "abc"}))
    for name in "abac":
        with runs.run(name):
            pass
    assert [*runs._open] == ["a", "c"]
    with pytest.raises(UnknownName), runs.run("nowhere"):
        pass
