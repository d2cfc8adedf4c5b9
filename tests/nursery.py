"""Many processes in little time: one that has imported and tried all that they need forks them.

    with Nursery("tests.store.test_kill:live", warm="tests.store.test_kill:warm") as nursery:
        child = nursery.bear("run", "w0")  # a process that calls live("run", "w0")
        os.kill(child, signal.SIGKILL)
        assert nursery.bury(child) == -signal.SIGKILL

Forked from the tests' own process, a child would take on a gigabyte of frameworks, and spend on
page faults most of the time that it has to live. These are as real as any: each a process of its
own, with an id that can be killed.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import Any, Self

Work = Callable[..., object]


class Nursery:
    """The process that forks, from without."""

    def __init__(self, target: str, warm: str = "", **environment: str) -> None:
        """Args:
        target: what a child calls, ``module:function``.
        warm: what is called once before the first child is there.
        environment: variables beside those of this process.
        """
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.nursery", target, *([warm] if warm else [])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **environment},
        )

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def bear(self, *given: str | int | float) -> int:
        """The id of a new process that works on these."""
        return self._ask({"bear": given})

    def bury(self, child: int) -> int:
        """Wait for its end; its exit code, or minus the signal that ended it."""
        return self._ask({"bury": child})

    def _ask(self, what: object) -> int:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        try:
            print(json.dumps(what), file=stdin, flush=True)
            line = stdout.readline()
        except BaseException:  # interrupted: its reply would be taken for that to another question
            self._process.kill()
            raise
        assert line, "the nursery has ended"
        return int(line)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        """End it, and all of its children that live."""
        self._process.communicate()


def serve(target: Work) -> None:
    """Fork and wait as one is asked to, until nobody asks any more."""
    asked, replies = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)  # what children print is no reply
    alive: set[int] = set()
    gc.freeze()  # a child that collects garbage would copy all of the memory
    for line in asked:
        said: dict[str, Any] = json.loads(line)
        if "bear" in said:
            child = os.fork()
            if child == 0:
                live(target, said["bear"])
            alive.add(child)
            told = child
        else:
            told = os.waitstatus_to_exitcode(os.waitpid(said["bury"], 0)[1])
            alive.discard(said["bury"])
        print(told, file=replies, flush=True)
    for child in alive:
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)


def live(target: Work, given: list[Any]) -> None:
    """Never returns: what its parent holds is not for a child to close."""
    try:
        target(*given)
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def named(place: str) -> Work:
    module, _, name = place.partition(":")
    found: Work = getattr(import_module(module), name)
    return found


if __name__ == "__main__":
    work, *before = map(named, sys.argv[1:])
    for each in before:
        each()
    serve(work)
