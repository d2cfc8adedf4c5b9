"""`python WORDS…` as a process forked from one that has imported MXNet and vizframe already.

    code, out, err = python(folder, "-m", "vizframe", "record", "--", "train.py")

    with started(folder, "train.py") as child:  # to be watched, or killed
        child.wait_for("step 3")

It has an id, arguments, streams and an exit code of its own, and prints and leaves as Python does.
What it spares is the second and a half that the imports take. So what a fresh interpreter does
(what it imports and when, how it dies of Ctrl-C) is for `subprocess` to show.
"""

from __future__ import annotations

import atexit
import os
import runpy
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType, TracebackType
from typing import NoReturn

from tests.nursery import Nursery

STREAMS = ("in", "out", "err")

WARM = (
    "gluon.compat",  # and MXNet
    "gluon.adapter",
    "gluon.training",
    "plugins",
    "store",
    "recording.autostart",
    "recording.from_checkpoints",
    "recording.recorder",
    "cli.record",
)

Left = tuple[int, str, str]
"""An exit code, minus a signal's number where that ended it, and what was said."""


@dataclass
class Child:
    """A process that was started, and the folder that has its streams."""

    pid: int
    streams: Path
    has_ended: bool = False

    def wait(self) -> Left:
        code = _nursery().bury(self.pid)
        self.has_ended = True
        return code, self.said("out"), self.said("err")

    def said(self, stream: str) -> str:
        return (self.streams / stream).read_text()

    def wait_for(self, line: str, seconds: float = 60) -> None:
        """Until it has printed a line."""
        end = time.monotonic() + seconds
        while line not in self.said("out").splitlines():
            assert time.monotonic() < end, self.said("err")
            time.sleep(0.02)


def python(folder: Path, *words: str) -> Left:
    """Run Python in a folder."""
    with started(folder, *words) as child:
        return child.wait()


@contextmanager
def started(folder: Path, *words: str) -> Iterator[Child]:
    """A Python at work there, which does not outlive the block."""
    with tempfile.TemporaryDirectory() as streams:
        for name in STREAMS:
            Path(streams, name).touch()
        child = Child(_nursery().bear(streams, str(folder), *words), Path(streams))
        try:
            yield child
        finally:
            if not child.has_ended:
                os.kill(child.pid, signal.SIGKILL)
                child.wait()


_nurseries: list[Nursery] = []


def _nursery() -> Nursery:
    """One for all tests of this process; another after a test that was interrupted."""
    if not (_nurseries and _nurseries[-1].is_alive):
        _nurseries.append(Nursery(f"{__name__}:live", f"{__name__}:warm", OMP_NUM_THREADS="1"))
    return _nurseries[-1]


@atexit.register
def close() -> None:
    while _nurseries:
        _nurseries.pop().__exit__()


def warm() -> None:
    """Import what scripts and commands do. Nothing is computed: a fork has no threads for it."""
    for name in WARM:
        import_module(f"vizframe.{name}")


def live(streams: str, folder: str, *words: str) -> NoReturn:
    """Be Python with these words."""
    _nurseries.clear()
    for number, name in enumerate(STREAMS):
        os.dup2(os.open(Path(streams, name), os.O_RDWR | os.O_APPEND), number)
    os.chdir(folder)
    sys.modules["__main__"] = ModuleType("__main__")
    code = _code_of(words)
    threading._shutdown()  # type: ignore[attr-defined]  # as Python itself ends
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, ValueError):  # a script may have closed it, or put in its own
            stream.flush()
    os._exit(code)


def _code_of(words: tuple[str, ...]) -> int:
    try:
        _begin(words)
    except SystemExit as left:
        return _told(left)
    except BaseException as error:
        error.__traceback__ = _without_ours(error.__traceback__)
        sys.excepthook(type(error), error, error.__traceback__)
        return 1
    return 0


def _begin(words: tuple[str, ...]) -> None:
    if words[0] == "-m":
        sys.path[0] = os.getcwd()
        sys.argv = list(words[1:])
        runpy._run_module_as_main(words[1])  # type: ignore[attr-defined]  # what `python -m` calls
        return
    path = os.path.abspath(words[0])
    sys.path[0] = os.path.dirname(os.path.realpath(path))
    sys.argv = list(words)
    main = sys.modules["__main__"].__dict__
    main.update(__file__=path, __builtins__=sys.modules["builtins"])
    exec(compile(Path(path).read_bytes(), path, "exec", dont_inherit=True), main)


def _without_ours(trace: TracebackType | None) -> TracebackType | None:
    while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
        trace = trace.tb_next
    return trace


def _told(left: SystemExit) -> int:
    """The exit code, as Python has it from what is raised."""
    if left.code is None or isinstance(left.code, int):
        return (left.code or 0) & 0xFF
    print(left.code, file=sys.stderr)
    return 1
