"""Where a history comes from: a run's folder, which grows, or one compacted file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, Self

from pydantic import ValidationError

from vizframe.errors import HistoryError
from vizframe.history import RunInfo
from vizframe.network.probe import Probe
from vizframe.store.format.source import File, LocalFile, VerifiedParts, damage_error
from vizframe.store.read.about import load_probe, read_info, read_probe
from vizframe.store.read.listing import Listing
from vizframe.store.read.segment import Segment, load_segment


class Origin(Protocol):
    """What a history is made of."""

    @property
    def name(self) -> str: ...
    @property
    def segments(self) -> Sequence[Segment]:
        """The sound ones, in order of session and commit."""
        ...

    @property
    def faults(self) -> Sequence[str]: ...
    def info(self) -> RunInfo:
        """Raises HistoryError."""
        ...

    def probe(self) -> Probe | None:
        """Raises DamagedSegment."""
        ...

    def refresh(self) -> bool:
        """Look for what is new. Raises OSError where it cannot."""
        ...


class Folder:
    """A run's folder."""

    def __init__(self, run: Path) -> None:
        self.run = run
        self.listing = Listing(run)

    @property
    def name(self) -> str:
        return str(self.run)

    @property
    def segments(self) -> Sequence[Segment]:
        return tuple(self.listing.sound.values())

    @property
    def faults(self) -> Sequence[str]:
        found = [fault.sentence for _, fault in sorted(self.listing.faults.items())]
        return [*found, *(gap.sentence(self.name) for gap in self.listing.gaps)]

    def info(self) -> RunInfo:
        return read_info(self.run)

    def probe(self) -> Probe | None:
        return read_probe(self.run)

    def refresh(self) -> bool:
        return self.listing.refresh()


class SingleFile:
    """A compacted run: one file with all of it. Raises HistoryError."""

    def __init__(self, file: File) -> None:
        self._file = file
        try:
            with file.open() as source:
                self.segments: Sequence[Segment] = (load_segment(source, file),)
        except OSError as refused:
            reason = refused.strerror or str(refused)
            raise HistoryError(f"{file.name} cannot be read: {reason}") from refused

    @classmethod
    def at(cls, path: Path) -> Self:
        """The file at a path that a person gave, which may be a link."""
        return cls(LocalFile(path.resolve()))

    @property
    def name(self) -> str:
        return self._file.name

    @property
    def faults(self) -> Sequence[str]:
        return ()

    def info(self) -> RunInfo:
        with self._file.open() as source:
            text = VerifiedParts(source).part("run")
            try:
                return RunInfo.model_validate_json(text)
            except ValidationError as bad:
                raise damage_error(source, "it does not describe a run") from bad

    def probe(self) -> Probe | None:
        with self._file.open() as source:
            return load_probe(source)

    def refresh(self) -> bool:
        return False
