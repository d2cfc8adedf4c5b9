"""What the store's tests share."""

from __future__ import annotations

import pytest

from vizframe.store.care import compaction


@pytest.fixture(autouse=True)
def _nobody_lists_what_was_compacted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A compaction waits a second for readers; forty tests that have none need not."""
    monkeypatch.setattr(compaction, "GRACE", 0.01)
