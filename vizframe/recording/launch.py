"""A distributed training on one machine: scheduler, servers and workers, as MXNet's launcher starts
them, each a process of its own.

    vizframe record --launch 4 -- train.py
      scheduler, server      MXNet's own, no script
      worker × 4             vizframe record … -- train.py
"""

from __future__ import annotations

import ctypes
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from vizframe.errors import UsageError
from vizframe.isolated import python_module
from vizframe.recording.script import Script
from vizframe.recording.voice import say

MOST = 256

_SERVE = tuple(python_module("vizframe.gluon.training.server"))

PR_SET_PDEATHSIG = 1
"""Of Linux' ``prctl``: which signal a process gets when its parent dies."""

PATIENCE = 2.0
"""Seconds that a process has to end when it is told to."""

GRACE = 10.0
"""Seconds that scheduler and servers have to end by themselves, once the workers have."""

MEETING = 300.0
"""Seconds after which workers have met, and train on without the scheduler, if to no clean end."""

PORTS = range(10_000, 30_000)
"""Where scheduler and workers meet: the system gives none of these away by itself. One that it does
may be taken until the scheduler, which tries it once, is there to listen."""

LOOK = 0.05
"""Seconds between two looks at the processes."""


@dataclass(frozen=True, slots=True)
class Launch:
    """How many processes of each kind."""

    workers: int
    servers: int = 1

    def __post_init__(self) -> None:
        for name, count in (("launch", self.workers), ("servers", self.servers)):
            if not 1 <= count <= MOST:
                raise UsageError(f"{name} is {count}; it can be 1 to {MOST}")

    def run(self, command: Sequence[str], environment: Mapping[str, str] = os.environ) -> int:
        """Run the command as every worker, and the processes that bring them together.

        A worker that dies leaves the others to their training; Ctrl-C reaches all. Nobody outlives
        the launcher: told to end, it ends them first; killed, the system kills them. Without a
        server, or a scheduler while they meet, MXNet's workers wait for ever, so they are ended.

        Returns:
            the exit code of a server or scheduler that they cannot do without; else of the first
            worker that failed, by their order; else 0.
        """
        shared = {**environment, **self._meeting_place()}
        with ExitStack() as ending:
            look = ending.enter_context(_ended_in_order())
            serving = [self._start(ending, _SERVE, shared, "scheduler")]
            serving += [self._start(ending, _SERVE, shared, "server") for _ in range(self.servers)]
            workers = [self._start(ending, command, shared, "worker") for _ in range(self.workers)]
            failed = _wait_for(workers, serving, look)
            if failed:
                return failed
            codes = [_wait(worker) for worker in workers]
            if not any(codes):
                _give_time(serving, look)
        return next((code for code in codes if code), 0)

    def _meeting_place(self) -> dict[str, str]:
        return {
            "DMLC_PS_ROOT_URI": "127.0.0.1",
            "DMLC_PS_ROOT_PORT": str(_free_port()),
            "DMLC_NUM_SERVER": str(self.servers),
            "DMLC_NUM_WORKER": str(self.workers),
            "DMLC_INTERFACE": "lo",
            "DMLC_NODE_HOST": "127.0.0.1",
        }

    def _start(
        self, ending: ExitStack, command: Sequence[str], shared: Mapping[str, str], role: str
    ) -> subprocess.Popen[bytes]:
        started = subprocess.Popen(
            command, env={**shared, "DMLC_ROLE": role}, preexec_fn=_bound_to(os.getpid())
        )
        ending.callback(_end, started)
        return started


@contextmanager
def _ended_in_order() -> Iterator[Callable[[], None]]:
    """Inside, a signal that would end this process at once raises SystemExit when what is given is
    called, and at the end. Raised by the signal itself, in the middle of a question whether a child
    has ended, it would leave the child's lock held, and the wait for its end would have none."""
    told: list[int] = []

    def look() -> None:
        if told:
            raise SystemExit(128 + told[0])

    if threading.current_thread() is not threading.main_thread():  # signals are not ours to see
        yield look
        return
    numbers = (signal.SIGTERM, signal.SIGHUP)
    before = {each: signal.signal(each, lambda number, _: told.append(number)) for each in numbers}
    try:
        yield look
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    look()


def _bound_to(parent: int) -> Callable[[], None] | None:
    """What a child does first, so that it does not outlive its parent; None where no system call
    does that."""
    if sys.platform != "linux":
        return None
    control = ctypes.CDLL(None).prctl  # looked up here: a forked child had better not import

    def bind() -> None:
        control(PR_SET_PDEATHSIG, int(signal.SIGKILL))
        if os.getppid() != parent:  # it died before that was said
            os._exit(1)

    return bind


def worker_command(arguments: Sequence[str], run: str, script: Script) -> list[str]:
    """What each worker runs: the command that vizframe itself was started with (``sys.argv``), into
    this run, and launching nothing."""
    program, *words = arguments
    own = words[: len(words) - len(script.arguments) - 1]
    if "--" in own:
        own = own[: own.index("--")]
    start = ["-m", "vizframe"] if Path(program).name == "__main__.py" else [program]
    named = ["-m", script.target] if script.is_module else [script.target]
    options = _without_launch(own)
    return [sys.executable, *start, *options, "--run", run, "--", *named, *script.arguments]


def _without_launch(words: Sequence[str]) -> list[str]:
    kept = [word for word in words if not word.startswith("--launch=")]
    if "--launch" in kept:
        at = kept.index("--launch")
        del kept[at : at + 2]
    return kept


def _wait_for(
    workers: Sequence[subprocess.Popen[bytes]],
    serving: Sequence[subprocess.Popen[bytes]],
    look: Callable[[], None],
) -> int:
    """Return when all workers have ended, with 0, or when they wait for nobody, with his code."""
    told: set[int] = set()
    begun = time.monotonic()
    while any(worker.poll() is None for worker in workers):
        look()
        for number, each in enumerate(serving):
            if each.poll() and number not in told:
                told.add(number)
                role = "server" if number else "scheduler"
                is_lost = number > 0 or time.monotonic() < begun + MEETING
                rest = "the workers are ended" if is_lost else "the workers train on without it"
                say(f"the {role} ended with exit code {_wait(each)}: {rest}")
                if is_lost:
                    return _wait(each)
        time.sleep(LOOK)
    return 0


def _give_time(serving: Sequence[subprocess.Popen[bytes]], look: Callable[[], None]) -> None:
    """Let those that serve end by themselves."""
    until = time.monotonic() + GRACE
    while any(each.poll() is None for each in serving) and time.monotonic() < until:
        look()
        time.sleep(LOOK)


def _wait(process: subprocess.Popen[bytes]) -> int:
    """Its exit code, as a shell tells it: 128 and more for a signal."""
    code = process.wait()
    return 128 - code if code < 0 else code


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _free_port() -> int:
    for port in random.SystemRandom().sample(PORTS, len(PORTS)):  # a script's seed is not ours
        with closing(socket.socket()) as free, suppress(OSError):
            free.bind(("127.0.0.1", port))
            return port
    raise UsageError(f"no port from {PORTS[0]} to {PORTS[-1]} is free for the scheduler")
