"""What the tests of recording share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.core import toy
from tests.core.toy import ToyModel
from vizframe.network import adapter
from vizframe.recording.work_clock import work_time


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second is a second, whatever else the machine has to do."""
    monkeypatch.setattr(work_time, "waited", lambda: 0.0)


@pytest.fixture
def toys() -> Iterator[None]:
    """Models of `tests.core.toy` are known as a framework's."""
    with adapter.registered(ToyModel.__module__.partition(".")[0], toy.__name__):
        yield
