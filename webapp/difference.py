"""What is new since a page last asked: a run that grows is told once, and then by its new steps.

The page gives back how many steps it knows and a mark of all that it knows; where the run's begin
still has that mark, the rest is enough. Anything else is told as a whole.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from vizframe.errors import HistoryError
from vizframe.history import Scalars
from vizframe.webapp.numbers import plain, sayable

GROWING = ("steps", "times", "epochs")
"""What has an entry per step."""

FRESH = ("version", "failures", "failure_count", "faults")
"""What is told each time."""

MOST_NUMBERS = 1 << 23
"""Of all curves together, in one answer."""

Manifest = Mapping[str, Any]


def told(manifest: Manifest, since: int, mark: str) -> Manifest:
    """The manifest with its mark; only what is new, where the page knows the ``since`` first steps
    by that mark."""
    new_mark = mark_of(manifest, len(manifest["steps"]))
    if not 0 < since <= len(manifest["steps"]) or mark != mark_of(manifest, since):
        return {**manifest, "mark": new_mark}
    last = manifest["steps"][since - 1]
    return {
        "run": manifest["run"],
        "id": manifest["id"],
        "since": since,
        "mark": new_mark,
        **{name: manifest[name] for name in FRESH},
        **{name: manifest[name][since:] for name in GROWING},
        "step_lists": [[step for step in each if step > last] for each in manifest["step_lists"]],
    }


def mark_of(manifest: Manifest, count: int) -> str:
    """Tells apart what is known of the first ``count`` steps."""
    if not count:
        return ""
    last = manifest["steps"][count - 1]
    known = [manifest[name][:count] for name in GROWING]
    lists = [[step for step in each if step <= last] for each in manifest["step_lists"]]
    stable = {
        name: each
        for name, each in manifest.items()
        if name not in (*GROWING, *FRESH, "step_lists")
    }
    text = json.dumps(sayable([known, lists, stable]), separators=(",", ":"))
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()


def curves(scalars: Scalars, version: int, since: int, mark: str | None) -> Manifest:
    """The numbers over the steps, likewise; without a mark from ``since`` on, whatever was before.

    Raises:
        HistoryError: they are more than a page can take.
    """
    count = len(scalars.steps)
    if mark is not None and (since > count or mark != curves_mark(scalars, since)):
        since = 0
    if (count - since) * len(scalars.values) > MOST_NUMBERS:
        raise HistoryError(
            f"{len(scalars.values)} curves of {count - since} steps are more than {MOST_NUMBERS} "
            "numbers; read them with vizframe.open(…).scalars()"
        )
    return {
        "since": since,
        "mark": curves_mark(scalars, count),
        "version": version,
        "steps": plain(scalars.steps[since:]),
        "values": {name: plain(values[since:]) for name, values in scalars.values.items()},
    }


def curves_mark(scalars: Scalars, count: int) -> str:
    """Tells apart what is known of the first ``count`` steps; a curve that begins later is new."""
    mark = _sum(scalars.steps[:count])
    for name, values in scalars.values.items():
        known = values[:count]
        if not np.isnan(known).all():
            mark ^= zlib.crc32(name.encode("utf-8", "replace"), _sum(known))
    return f"{count}-{mark:08x}"


def _sum(values: npt.NDArray[np.generic]) -> int:
    return zlib.crc32(np.ascontiguousarray(values).tobytes())
