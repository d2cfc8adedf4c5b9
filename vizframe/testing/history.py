"""The contract tests of every store of histories: subclass `HistoryContract` and give a place.

class TestMyStore(HistoryContract):
    @pytest.fixture
    def place(self, tmp_path: Path) -> Place:
        return MyPlace(tmp_path)
"""

from __future__ import annotations

from vizframe.testing.history_life import LifeContract
from vizframe.testing.history_place import HistoryPlace, PlaceContract, commit, write_step
from vizframe.testing.history_values import ValuesContract

__all__ = ["HistoryContract", "HistoryPlace", "PlaceContract", "commit", "write_step"]


class HistoryContract(ValuesContract, LifeContract):
    """What goes in comes out (`ValuesContract`), and a history grows soundly (`LifeContract`)."""
