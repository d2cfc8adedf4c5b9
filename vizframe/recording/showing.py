"""A recording in a notebook: the page of its run, live while it trains."""

from __future__ import annotations

from pathlib import Path

from vizframe.errors import HistoryError, UsageError
from vizframe.history import History
from vizframe.reading.showable import Showable
from vizframe.recording.destination import Destination


class ShowsRecording(Showable):
    """What a recorder has of `vizframe.reading.showable.Showable`."""

    _destination: Destination

    def _shown(self) -> tuple[Path | History, dict[str, object]]:
        from vizframe.store.read.catalog import is_run

        path = self._destination.folder
        if path is None:
            raise UsageError(
                "this recorder writes where its function says; show what is read from there: "
                "vizframe.reading.run.Run(history).show()"
            )
        if not is_run(path):
            raise UsageError("nothing is recorded yet; show it after the first step")
        return path, {}

    def _still(self) -> str:
        from vizframe import store
        from vizframe.reading.showable import still_of_run
        from vizframe.store.read.catalog import is_run

        path = self._destination.folder
        if path is None or not is_run(path):
            return "<p>nothing is recorded yet</p>"
        try:
            with_steps = store.open(path)
        except HistoryError:
            return "<p>nothing can be read yet</p>"
        try:
            return still_of_run(with_steps, f"recording into {path}")
        finally:
            with_steps.close()
