"""Whether a file of a run is what its name says, and belongs to this run and no other.

A name alone decides which files a larger one replaces, so a file that was copied here, or renamed,
must not be believed: it would hide steps.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np

from vizframe.errors import DamagedSegment, HistoryError
from vizframe.store.format.names import CompactedName, SegmentName
from vizframe.store.read.about import IDENTIFIED, read_info_text

if TYPE_CHECKING:
    from vizframe.store.read.segment import Segment


@dataclass(frozen=True, slots=True)
class Identity:
    """Which run a folder holds.

    Attributes:
        run: its id; empty where ``run.json`` does not say.
        is_strict: whether each of its files says it too. Runs that were begun by a vizframe before
            that have files without.
    """

    run: str = ""
    is_strict: bool = False

    @classmethod
    def of(cls, folder: Path) -> Self:
        """Of what ``run.json`` says; without it, or where it is damaged, any run's files do."""
        try:
            said = json.loads(read_info_text(folder))
            return cls(str(said["id"]), said.get(IDENTIFIED) is True)
        except (HistoryError, OSError, ValueError, TypeError, KeyError, AttributeError):
            return cls()

    def check(self, segment: Segment) -> None:
        """Raises DamagedSegment, the reason alone, for a file of another run."""
        theirs = segment.run
        if self.run and (theirs or self.is_strict) and theirs != self.run:
            whose = f"run {theirs}" if theirs else "a run without an id"
            raise DamagedSegment(f"it belongs to {whose}, and this is run {self.run}")


def check_name(segment: Segment, text: str) -> None:
    """Raises DamagedSegment, the reason alone, where a file has steps that its name does not say.

    A name that is no segment's says nothing.
    """
    name = SegmentName.parse(text)
    if name is not None and _described(segment, name) != name:
        raise DamagedSegment("it was renamed: its name does not say what it holds")
    whole = CompactedName.parse(text)
    if whole is not None:
        steps = segment.steps["step"]
        inside = np.isin([whole.low, whole.high], steps).all()
        if not inside or whole.steps > len(steps):
            raise DamagedSegment("it was renamed: its name does not say what it holds")


def _described(segment: Segment, name: SegmentName) -> SegmentName | None:
    """The name that the contents ask for; a rewrite holds the steps of what it replaces."""
    steps = segment.steps["step"]
    if len(segment.index.sessions) != 1:
        return None
    return SegmentName(
        segment.index.sessions[0][0],
        name.first,
        name.first + len(steps) - 1,
        int(steps[0]),
        int(steps[-1]),
        name.rewrite,
    )
