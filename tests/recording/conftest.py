"""What the tests of recording share."""

from __future__ import annotations

import pytest

from vizframe.recording.work_clock import work_time


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second is a second, whatever else the machine has to do."""
    monkeypatch.setattr(work_time, "share", lambda: 1.0)
