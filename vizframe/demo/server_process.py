"""The app in a process of its own, so that training and page do not wait for each other."""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from vizframe.errors import VizframeError
from vizframe.isolated import python_module

_URL = re.compile(r"https?://\S+")


@dataclass(frozen=True, slots=True)
class ServedPage:
    """A page that is being served.

    Attributes:
        url: its address.
        wait: returns when the server has ended.
    """

    url: str
    wait: Callable[[], object]


@contextmanager
def serve_folder(runs: Path, port: int, options: Sequence[str] = ()) -> Iterator[ServedPage]:
    """Serve the folder of runs while the block lasts.

    Args:
        options: more of those that `vizframe serve` takes.

    Raises:
        VizframeError: it cannot be served (a busy port); the sentence is the server's own.
    """
    command = python_module("vizframe", "serve", str(runs), "--port", str(port), *options)
    # Errors go to a file: a pipe that nobody empties would stop the server when it is full.
    with tempfile.TemporaryFile("w+") as errors:
        # Of its own session: Ctrl-C goes to the training alone, which then ends the server.
        server = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=errors, text=True, start_new_session=True
        )
        try:
            yield ServedPage(_address(server, errors), server.wait)
        finally:
            server.terminate()
            try:
                server.communicate(timeout=5)
            except subprocess.TimeoutExpired:
                server.kill()
                server.communicate()


def _address(server: subprocess.Popen[str], errors: IO[str]) -> str:
    """What the server says once it accepts connections."""
    assert server.stdout is not None
    for line in server.stdout:
        if found := _URL.search(line):
            return found[0]
    server.wait()
    errors.seek(0)
    said = errors.read().strip().removeprefix("vizframe: ")
    raise VizframeError(said.rpartition("\n")[2] or "the app ended before it could be served")
