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
from vizframe.webapp.sums import Sums

GROWING = ("steps", "times", "epochs")
"""What has an entry per step."""

LISTS = "step_lists"
"""The steps of the series, which grow too."""

FRESH = ("version", "failures", "failure_count", "faults")
"""What is told each time."""

MOST_NUMBERS = 1 << 23
"""Of all curves together, in one answer."""

Manifest = Mapping[str, Any]


def told(manifest: Manifest, since: int, mark: str, sums: Sums | None = None) -> Manifest:
    """The manifest with its mark; only what is new, where the page knows the ``since`` first steps
    by that mark."""
    steps, lists = manifest["steps"], manifest[LISTS]
    stable, sums = _stable(manifest), sums or Sums()
    new_mark = mark_of(manifest, stable, len(steps), sums)
    if not 0 < since <= len(steps) or mark != mark_of(manifest, stable, since, sums):
        whole = {name: plain(manifest[name]) for name in GROWING}
        return {
            **manifest,
            **whole,
            "step_lists": [plain(each) for each in lists],
            "mark": new_mark,
        }
    last = steps[since - 1]
    return {
        "run": manifest["run"],
        "id": manifest["id"],
        "since": since,
        "mark": new_mark,
        **{name: manifest[name] for name in FRESH},
        **{name: plain(manifest[name][since:]) for name in GROWING},
        LISTS: [plain(each[each.searchsorted(last, "right") :]) for each in lists],
    }


def _stable(manifest: Manifest) -> bytes:
    """The parts of a manifest that do not grow, as JSON."""
    said = {name: manifest[name] for name in manifest if name not in (*GROWING, *FRESH, LISTS)}
    return json.dumps(sayable(said), separators=(",", ":")).encode()


def mark_of(manifest: Manifest, stable: bytes, count: int, sums: Sums) -> str:
    """Tells apart what is known of the first ``count`` steps."""
    if not count:
        return ""
    last = manifest["steps"][count - 1]
    known = [(sums.of(name, manifest[name], count), count) for name in GROWING]
    for place, each in enumerate(manifest[LISTS]):
        until = int(each.searchsorted(last, "right"))
        known.append((sums.of((LISTS, place), each, until), until))
    return hashlib.blake2b(stable + repr(known).encode(), digest_size=12).hexdigest()


def curves(
    scalars: Scalars, version: int, since: int, mark: str | None, sums: Sums | None = None
) -> Manifest:
    """The numbers over the steps, likewise; without a mark from ``since`` on, whatever was before.

    Raises:
        HistoryError: they are more than a page can take.
    """
    count = len(scalars.steps)
    marks = curves_marks(scalars, min(since, count), sums or Sums())
    if mark is not None and (since > count or mark != marks[0]):
        since = 0
    if (count - since) * len(scalars.values) > MOST_NUMBERS:
        raise HistoryError(
            f"{len(scalars.values)} curves of {count - since} steps are more than {MOST_NUMBERS} "
            "numbers; read them with vizframe.open(…).scalars()"
        )
    return {
        "since": since,
        "mark": marks[1],
        "version": version,
        "steps": plain(scalars.steps[since:]),
        "values": {name: plain(values[since:]) for name, values in scalars.values.items()},
    }


def curves_marks(scalars: Scalars, count: int, sums: Sums) -> tuple[str, str]:
    """Tell apart what is known of the first ``count`` steps, and of all; a curve that begins later
    is new."""
    lengths = count, len(scalars.steps)
    marks = [sums.of(LISTS, scalars.steps, length) for length in lengths]
    for name, values in scalars.values.items():
        word = name.encode("utf-8", "replace")
        for place, length in enumerate(lengths):
            if _has_number(values[:length]):
                marks[place] ^= zlib.crc32(word, sums.of(("curve", name), values, length))
    known, whole = (f"{length}-{mark:08x}" for length, mark in zip(lengths, marks, strict=True))
    return known, whole


def _has_number(values: npt.NDArray[np.float64]) -> bool:
    """Whether any is one; mostly the last is."""
    return len(values) > 0 and not (np.isnan(values[-1]) and bool(np.isnan(values).all()))
