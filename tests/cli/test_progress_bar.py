"""A progress bar is drawn where somebody can see it, and nowhere else."""

from __future__ import annotations

import io
import sys

import pytest

from vizframe.cli.progress_bar import bar
from vizframe.plugin import ignore_progress


class Terminal(io.StringIO):
    """A standard error that says it is one."""

    def isatty(self) -> bool:
        return True


def test_a_terminal_sees_how_much_is_done_and_how_fast(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    with bar("checking") as progress:
        for done in range(1, 4):
            progress(done, 3, "a file")
    drawn = terminal.getvalue()
    assert "checking" in drawn
    assert "3/3" in drawn


def test_a_pipe_sees_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = io.StringIO()
    monkeypatch.setattr(sys, "stderr", pipe)
    with bar("checking") as progress:
        assert progress is ignore_progress
    assert pipe.getvalue() == ""
