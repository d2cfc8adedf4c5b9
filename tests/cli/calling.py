"""How the tests of commands call them."""

from __future__ import annotations

import io
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest

from vizframe import store
from vizframe.cli import main
from vizframe.testing.runs import fake_info, fake_probe, fill


@dataclass(frozen=True)
class Called:
    """What a command left: its exit code and what it said."""

    code: int
    out: str
    err: str

    def line(self, start: str) -> str:
        """The line of the output that starts so."""
        found = [line for line in self.out.splitlines() if line.startswith(start)]
        assert len(found) == 1, f"{len(found)} lines start with {start!r} in:\n{self.out}"
        return found[0]


def call(*arguments: str, answer: str = "") -> Called:
    """Run a command in this process, with an answer for what it asks."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setattr(sys, "stdin", io.StringIO(answer))
        patch.setenv("COLUMNS", "160")
        with pytest.raises(SystemExit) as left:
            main(arguments)
    assert isinstance(left.value.code, int)
    return Called(left.value.code, out.getvalue(), err.getvalue())


def spawn(*arguments: str, answer: str = "") -> Called:
    """Run a command as a user does, in a process of its own and in an empty folder."""
    with tempfile.TemporaryDirectory() as folder:
        run = subprocess.run(
            [sys.executable, "-m", "vizframe", *arguments],
            cwd=folder,
            input=answer,
            capture_output=True,
            text=True,
            check=False,
        )
    return Called(run.returncode, run.stdout, run.stderr)


def make_run(path: Path, steps: Iterable[int] = range(0, 40, 10)) -> Path:
    """A fake run on disk."""
    with store.create(path, fake_info(path.name), fake_probe()) as writer:
        fill(writer, steps)
    return path
