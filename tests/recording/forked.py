"""Runs many scripts, each in a process of its own that has MXNet already: plain, and recorded.

    python -m tests.recording.forked FOLDER

For every case, ``FOLDER/<mode>/<number>`` gets ``train.py``, ``out``, ``err``, ``code`` and,
recorded, ``runs``. Importing MXNet takes longer than most of the trainings do.
"""

from __future__ import annotations

import os
import sys
import traceback
from pathlib import Path

from tests.recording.trainings import CASES

MODES = ("plain", "recorded")
_RECORD = ["record", "--every", "2"]


def place(folder: Path, mode: str, name: str) -> Path:
    return folder / mode / str(list(CASES).index(name))


def run_all(folder: Path, at_once: int = 2) -> None:
    """Two at a time, the second mode of a case beside the first."""
    running: set[int] = set()
    for name in CASES:
        for mode in MODES:
            if len(running) >= at_once:
                running.discard(os.wait()[0])
            running.add(fork(place(folder, mode, name), mode, CASES[name].script))
    while running:
        running.discard(os.wait()[0])


def fork(folder: Path, mode: str, script: str) -> int:
    folder.mkdir(parents=True)
    (folder / "train.py").write_text(script)
    child = os.fork()
    if not child:
        _redirect(folder)
        code = _code_of(mode)
        (folder / "code").write_text(str(code))
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)  # the parent's own cleaning up is not the child's
    return child


def _redirect(folder: Path) -> None:
    os.chdir(folder)
    for number, name in ((1, "out"), (2, "err")):
        file = os.open(name, os.O_WRONLY | os.O_CREAT)
        os.dup2(file, number)


def _code_of(mode: str) -> object:
    """How the script ends: its exit code."""
    from vizframe.cli import main
    from vizframe.recording.script import Script

    sys.argv = ["train.py"]
    try:
        if mode == "plain":
            Script("train.py").run()
        else:
            main([*_RECORD, "--", "train.py"])
    except SystemExit as left:
        return left.code or 0
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    from vizframe.gluon.compat import mx  # noqa: F401  # each child has it from here

    run_all(Path(sys.argv[1]))
