"""Checkpoints: the files that a training leaves, in the order of their steps.

ckpt-0400.params    step 400: the last number in the name
net-epoch2.params   step 2
"""

from __future__ import annotations

import glob
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from vizframe.errors import UsageError

_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The parameters of a network after so many steps."""

    step: int
    path: Path


def checkpoints(pattern: str, after: int | None = None) -> list[Checkpoint]:
    """The files that the pattern names now, by step; only those after a step, if one is given.

    Raises:
        UsageError: a name has no number, or two have the same.
    """
    found: dict[int, Path] = {}
    for path in map(Path, sorted(glob.glob(pattern, recursive=True))):
        step = _step(path)
        if step in found:
            raise UsageError(
                f"checkpoints are {str(found[step])!r} and {str(path)!r}, both of step {step}; "
                "give a pattern that names one of them"
            )
        found[step] = path
    return [
        Checkpoint(step, found[step]) for step in sorted(found) if after is None or step > after
    ]


def follow_checkpoints(
    pattern: str, after: int | None = None, seconds: float = 1.0
) -> Iterator[Checkpoint]:
    """The checkpoints that are there and, without end, those that come. One is given when it has
    not changed between two looks, ``seconds`` apart: its writer is done by then."""
    stamps: dict[Path, tuple[int, int]] = {}
    while True:
        for each in checkpoints(pattern, after):
            status = each.path.stat()
            stamp = (status.st_size, status.st_mtime_ns)
            if stamps.get(each.path) != stamp:
                stamps[each.path] = stamp
                break  # it, and those after it, wait for the next look
            yield each
            after = each.step
        time.sleep(seconds)


def _step(path: Path) -> int:
    numbers = _NUMBER.findall(path.stem)
    if not numbers:
        raise UsageError(
            f"checkpoint is {str(path)!r}; it can be a name with its step, such as ckpt-0400.params"
        )
    return int(numbers[-1])
