"""Notes and stars, read and written for the page."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import asdict

from vizframe.errors import UsageError
from vizframe.history.notes import HasNotes, Note
from vizframe.webapp.open_runs import OpenRuns

MOST_BYTES = 100_000
"""Of a note, as it is sent."""


def read(open_runs: OpenRuns, run: str) -> Mapping[str, object]:
    """All notes of a run, newest first, and whether some can be written."""
    if not isinstance(open_runs.catalog, HasNotes):
        return {"notes": [], "writable": False}
    found = open_runs.catalog.notes(run).all()
    return {"notes": [asdict(note) for note in found], "writable": True}


def write(open_runs: OpenRuns, run: str, sent: bytes) -> None:
    """Keep what the page sent: text, star, and what it is about.

    Raises:
        UsageError: it is no note, or this catalog keeps none.
        HistoryError: it cannot be kept.
    """
    if not isinstance(open_runs.catalog, HasNotes):
        raise UsageError("notes are kept beside runs on this machine; these lie elsewhere")
    open_runs.catalog.notes(run).put(_note(sent))


def _note(sent: bytes) -> Note:
    try:
        given = json.loads(sent) if len(sent) <= MOST_BYTES else None
    except (ValueError, RecursionError):
        given = None
    if isinstance(given, dict):
        text, star, layer = given.get("text", ""), given.get("star", False), given.get("layer")
        unit, step = given.get("unit"), given.get("step")
        numbers = all(
            each is None or (type(each) is int and 0 <= each < 1 << 53) for each in (unit, step)
        )
        named = layer is None or (isinstance(layer, str) and len(layer) <= 1000)
        if isinstance(text, str) and isinstance(star, bool) and named and numbers:
            return Note(text, star, layer, unit, step, time.time())
    raise UsageError(
        'what was sent is no note; it can be JSON of up to 100,000 bytes, {"text": …, '
        '"star": true, "layer": …, "unit": 3, "step": 40}'
    )
