"""Remove what the dead left behind: drafts of writers that were killed, sources of their merges."""

from __future__ import annotations

import os
import time
from pathlib import Path

from vizframe.store.format.names import CLAIM, TEMPORARY, CompactedName, SegmentName, this_place
from vizframe.store.read.listing import Listing
from vizframe.store.write.claim import sweep_claim
from vizframe.store.write.disk import Disk
from vizframe.store.write.holder import is_running
from vizframe.store.write.publish import discard

FOREIGN_AGE = 24 * 3600.0
"""Seconds after which a draft of another machine, whose processes we cannot see, is dead."""


def sweep(disk: Disk, run: Path, grace: float) -> None:
    """Remove drafts and claims of dead writers, and segments that a sound larger one covers.

    Args:
        disk: the system calls.
        run: the folder.
        grace: seconds that a larger segment must have been there.

    Raises:
        OSError: the folder cannot be listed.
    """
    names = os.listdir(run)
    for text in names:
        if _is_abandoned(run, text):
            discard(disk, run / text)
        elif CLAIM.fullmatch(text):
            sweep_claim(disk, run / text)
    if any(_is_larger(text) for text in names):
        _sweep_sources(disk, run, grace)


def _is_abandoned(run: Path, text: str) -> bool:
    match = TEMPORARY.fullmatch(text)
    if match is None:
        return False
    if match["place"] == this_place():
        return not is_running(int(match["pid"]))
    return _age(run / text) > FOREIGN_AGE


def _sweep_sources(disk: Disk, run: Path, grace: float) -> None:
    """Remove what is replaced, unless a replacement is so new that readers may not have seen it."""
    listing = Listing(run)
    listing.refresh()
    replaced = listing.replaced
    if replaced and all(_age(run / text) > grace for text in listing.sound if _is_larger(text)):
        for text in replaced:
            discard(disk, run / text)


def _is_larger(text: str) -> bool:
    """Whether a file may replace others."""
    name = SegmentName.parse(text)
    if name is None:
        return CompactedName.parse(text) is not None
    return name.last > name.first or name.rewrite > 0


def _age(path: Path) -> float:
    """Seconds since the file was last written to; 0 where it is gone."""
    try:
        return time.time() - os.lstat(path).st_mtime
    except OSError:
        return 0.0
