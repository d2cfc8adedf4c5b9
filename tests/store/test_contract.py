"""The HDF5 store passes the contract of every history."""

from __future__ import annotations

from pathlib import Path

import pytest

import vizframe.store
from vizframe.history import History, HistoryWriter
from vizframe.testing.history import HistoryContract, HistoryPlace


class StorePlace:
    """A run folder."""

    def __init__(self, run: Path, contract: HistoryContract) -> None:
        self.run = run
        self.contract = contract

    def writer(self, name: str = "main") -> HistoryWriter:
        return vizframe.store.create(self.run, self.contract.info, self.contract.probe, writer=name)

    def history(self) -> History:
        return vizframe.store.open(self.run)


class TestStore(HistoryContract):
    @pytest.fixture
    def place(self, tmp_path: Path) -> HistoryPlace:
        return StorePlace(tmp_path / "run", self)
