"""Say of every file and series of a run what is sound and what is not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from vizframe.errors import DamagedSegment, HistoryError, UnreadableSegment
from vizframe.history import SeriesKey
from vizframe.plugin import Progress, ignore_progress
from vizframe.store.care.examine import examine
from vizframe.store.care.tidy import OpenFiles, StoredFrame, take
from vizframe.store.format.checksum import crc32
from vizframe.store.format.image import np_bytes
from vizframe.store.format.index import SeriesIndex
from vizframe.store.format.layout import Row
from vizframe.store.format.names import PROBE_FILE, RUN_FILE, is_of_run
from vizframe.store.read.about import read_info, read_probe
from vizframe.store.read.frames import find_missing
from vizframe.store.read.identity import Identity
from vizframe.store.read.listing import Listing, may_hold_steps, stranger
from vizframe.store.read.segment import Segment, read_segment
from vizframe.store.read.visibility import Visibility


@dataclass(frozen=True, slots=True)
class SeriesReport:
    """A series in one file."""

    key: SeriesKey
    frames: int
    damaged_tiles: int = 0
    damaged_columns: int = 0
    """Frames whose columns are damaged."""
    first_damaged_step: int | None = None

    @property
    def sound(self) -> bool:
        return self.first_damaged_step is None


@dataclass(frozen=True, slots=True)
class FileReport:
    """A file of the run."""

    name: str
    bytes: int
    steps: int = 0
    sentences: tuple[str, ...] = ()
    """What is wrong with the file as a whole."""
    series: tuple[SeriesReport, ...] = ()

    @property
    def sound(self) -> bool:
        return not self.sentences and all(each.sound for each in self.series)


@dataclass(frozen=True, slots=True)
class CheckReport:
    """A whole run."""

    files: tuple[FileReport, ...] = field(default_factory=tuple)
    missing: tuple[str, ...] = ()
    """A sentence for what no file has, though it was recorded."""
    apart: tuple[str, ...] = ()
    """A sentence for what was recorded in copies of the run, and put together."""

    @property
    def sound(self) -> bool:
        return all(each.sound for each in self.files) and not self.missing and not self.apart

    @property
    def sentences(self) -> list[str]:
        """All that is wrong."""
        found = [sentence for each in self.files for sentence in _sentences(each)]
        return [*found, *self.missing, *self.apart]


def _sentences(report: FileReport) -> Iterator[str]:
    yield from report.sentences
    for series in report.series:
        if series.damaged_tiles:
            yield (
                f"{report.name}: {series.damaged_tiles} tiles of {series.key} are damaged, "
                f"from step {series.first_damaged_step} on"
            )
        if series.damaged_columns:
            yield (
                f"{report.name}: the columns of {series.key} are damaged at "
                f"{series.damaged_columns} steps, from step {series.first_damaged_step} on"
            )


def check(run: str | Path, *, progress: Progress = ignore_progress) -> CheckReport:
    """Read every byte of a run.

    Args:
        run: its folder, or a compacted file.
        progress: called for each file.

    Raises:
        HistoryError: there is nothing to check.
    """
    path = Path(run)
    if path.is_file():
        path = path.resolve()  # a link that a person gave is followed, one in a run is not
        return CheckReport((_check_segment(path, _hdf5([path]), in_run=False),))
    if not path.is_dir():
        raise HistoryError(f"{path} is no run: there is no such folder or file")
    segments = sorted(filter(may_hold_steps, path.iterdir()))
    if not segments and not (path / RUN_FILE).exists():
        raise HistoryError(f"{path} is no run: it has no {RUN_FILE} and no segment")
    hdf5 = _hdf5([each for each in [*segments, path / PROBE_FILE] if each.is_file()])
    reports = [_check_info(path), *_check_probe(path, hdf5)]
    for number, segment in enumerate(segments):
        reports.append(_check_segment(segment, hdf5))
        progress(number + 1, len(segments), segment.name)
    listing = Listing(path)
    listing.refresh()
    missing = tuple(gap.sentence(str(path)) for gap in listing.gaps)
    apart = Visibility().of([*listing.sound.values()]).apart
    return CheckReport(tuple(reports), missing, tuple(f"{path}: {each}" for each in apart))


def _hdf5(paths: Sequence[Path]) -> dict[Path, Sequence[str]]:
    """What HDF5 says of each file that begins as one of ours."""
    return dict(examine([path for path in paths if _is_ours(path)]))


def _is_ours(path: Path) -> bool:
    try:
        if path.name == PROBE_FILE:
            return read_probe(path.parent) is not None
        read_segment(path)
    except (DamagedSegment, UnreadableSegment, OSError):
        return False
    return True


def _check_info(run: Path) -> FileReport:
    sentences: tuple[str, ...] = ()
    try:
        read_info(run)
    except HistoryError as bad:
        sentences = (str(bad),)
    return FileReport(RUN_FILE, _size(run / RUN_FILE), sentences=sentences)


def _check_probe(run: Path, hdf5: dict[Path, Sequence[str]]) -> Iterator[FileReport]:
    """Nothing where the run has no probe."""
    path = run / PROBE_FILE
    if not path.exists():
        return
    sentences = [f"{path}: {finding}" for finding in hdf5.get(path, ())]
    try:
        read_probe(run)
    except (DamagedSegment, OSError) as bad:
        sentences.append(str(bad))
    yield FileReport(PROBE_FILE, _size(path), sentences=tuple(sentences))


def _check_segment(
    path: Path, hdf5: dict[Path, Sequence[str]], *, in_run: bool = True
) -> FileReport:
    size = _size(path)
    if in_run and not is_of_run(path.name):  # open passes over it: so it is not sound
        return FileReport(path.name, size, sentences=(stranger(path),))
    try:
        segment = read_segment(path)
        _check_identity(segment, path)
        series = tuple(_check_series(segment))
    except (DamagedSegment, UnreadableSegment, OSError) as bad:
        return FileReport(path.name, size, sentences=(str(bad),))
    found = [f"{path}: {finding}" for finding in hdf5.get(path, ())]
    sentences = (segment.doubt, *found) if segment.doubt else tuple(found)
    return FileReport(path.name, size, len(segment.steps), sentences, series)


def _check_identity(segment: Segment, path: Path) -> None:
    """Raises DamagedSegment where the file lies in the folder of another run."""
    if is_of_run(path.name):  # one that a person named is a run of its own
        try:
            Identity.of(path.parent).check(segment)
        except DamagedSegment as foreign:
            raise DamagedSegment(f"{path} is foreign: {foreign}") from None


def _check_series(segment: Segment) -> Iterator[SeriesReport]:
    with OpenFiles() as files:
        for place, series in enumerate(segment.index.series):
            damaged_tiles = damaged_columns = 0
            first: int | None = None
            for number in range(segment.starts[place], segment.starts[place + 1]):
                row = segment.row(number)
                tiles, columns = _damage(take(files, segment, number), row, series)
                damaged_tiles += tiles
                damaged_columns += columns
                if (tiles or columns) and first is None:
                    first = int(segment.steps["step"][row.step])
            yield SeriesReport(series.key, series.frames, damaged_tiles, damaged_columns, first)


def _damage(taken: StoredFrame, row: Row, series: SeriesIndex) -> tuple[int, bool]:
    """How many tiles are damaged, and whether the columns are."""
    columns = crc32(np_bytes(taken.columns)) != row.columns
    if (crc32(np_bytes(taken.stored)), crc32(np_bytes(taken.records))) == (row.stored, row.tiles):
        return 0, columns
    tiles = int(np.count_nonzero(find_missing(taken.stored, taken.records)))
    return tiles or series.tile_count, columns


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:  # it is gone, or its folder cannot be searched: another sentence says so
        return 0
