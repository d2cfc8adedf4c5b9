"""The app in a process of its own, so that training and page do not wait for each other."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from vizframe.errors import VizframeError

_URL = re.compile(r"https?://\S+")


@dataclass(frozen=True, slots=True)
class Served:
    """A page that is being served.

    Attributes:
        url: its address.
        wait: returns when the server has ended.
    """

    url: str
    wait: Callable[[], object]


@contextmanager
def served(runs: Path, port: int) -> Iterator[Served]:
    """Serve the folder of runs while the block lasts.

    Raises:
        VizframeError: it cannot be served (a busy port); the sentence is the server's own.
    """
    command = [sys.executable, "-m", "vizframe", "serve", str(runs), "--port", str(port)]
    # Of its own session: Ctrl-C goes to the training alone, which then ends the server.
    server = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield Served(_address(server), server.wait)
    finally:
        server.send_signal(signal.SIGINT)
        try:
            server.communicate(timeout=5)
        except subprocess.TimeoutExpired:
            server.kill()
            server.communicate()


def _address(server: subprocess.Popen[str]) -> str:
    """What the server says once it accepts connections."""
    assert server.stdout is not None
    assert server.stderr is not None
    for line in server.stdout:
        if found := _URL.search(line):
            return found[0]
    said = server.stderr.read().strip().removeprefix("vizframe: ")
    raise VizframeError(said.rpartition("\n")[2] or "the app ended before it could be served")
