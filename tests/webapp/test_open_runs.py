"""Runs that are open: looked at anew, but not by every request."""

from __future__ import annotations

import time

import pytest

from vizframe.history.memory import MemoryCatalog, MemoryHistory, MemoryRun
from vizframe.testing.runs import fake_info
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
