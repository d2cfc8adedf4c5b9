"""Files made to harm: every checksum is right, and what they say is not."""

from __future__ import annotations

import json
import os
import re
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest

import vizframe.store
from tests.store.small import INFO, PROBE, assert_whole, declaration, segments, write
from vizframe.errors import HistoryError, UnknownName
from vizframe.history import StepRecord
from vizframe.store.format.layout import BLOCK, Block, Extent
from vizframe.store.format.source import open_source
from vizframe.store.read import listing
from vizframe.store.write.due import MergePlan

Index = dict[str, Any]


def forge(path: Path, change: Callable[[Index], object], *, part: str = "index") -> None:
    """Change a JSON part of a segment and put it behind the end, with checksums that are right."""
    data = bytearray(path.read_bytes())
    block = Block.unpack(bytes(data[:BLOCK]))
    extent = block.parts[part]
    said = json.loads(data[extent.offset : extent.end])
    change(said)
    text = json.dumps(said).encode()
    parts = {**block.parts, part: Extent(len(data), len(text), crc32(text))}
    size = len(data) + len(text)
    data[:BLOCK] = Block(size, parts).pack()
    path.write_bytes(data + text)


def first(index: Index) -> Index:
    series: Index = index["series"][0]
    return series


def set_size(index: Index) -> None:
    first(index)["declaration"]["tile_shape"] = [2**62]


def set_shape(index: Index) -> None:
    first(index)["declaration"]["picture_shape"] = [2**31, 2**31, 4]


def set_negative(index: Index) -> None:
    first(index)["declaration"]["picture_shape"] = [-12, -12]


def set_frames(index: Index) -> None:
    first(index)["frames"] = 2**62


def set_offset(index: Index) -> None:
    first(index)["stored"] = 2**62


def set_before_begin(index: Index) -> None:
    first(index)["tiles"] = -1


def set_columns(index: Index) -> None:
    index["shared"][0]["columns"] = {"norm": 2**62}


def set_session(index: Index) -> None:
    index["sessions"] = [["../../etc/passwd", 0]]


def set_encoding(index: Index) -> None:
    index["shared"][0]["encoding"] = "object"


def set_no_sessions(index: Index) -> None:
    index["sessions"] = []


def set_shared(index: Index) -> None:
    first(index)["declaration"]["shared"] = 99


def drop_series(index: Index) -> None:
    index["series"] = index["series"][:1]


def set_nonsense(index: Index) -> None:
    index["series"] = "everything"


@pytest.mark.parametrize(
    "change",
    [
        set_size,
        set_shape,
        set_negative,
        set_frames,
        set_offset,
        set_before_begin,
        set_columns,
        set_session,
        set_encoding,
        set_no_sessions,
        set_shared,
        drop_series,
        set_nonsense,
    ],
    ids=lambda change: change.__name__,
)
def test_an_index_that_lies_is_a_sentence(tmp_path: Path, change: Callable[[Index], None]) -> None:
    write(tmp_path, range(3))
    victim = segments(tmp_path)[1]
    forge(victim, change)
    history = vizframe.store.open(tmp_path)
    assert list(history.steps) == [0, 2]
    assert_whole(history, [0, 2])
    (sentence,) = history.faults()
    assert re.search(rf"{re.escape(victim.name)} is damaged or foreign: its? ", sentence) or (
        "would take the bytes" in sentence
    )


def test_json_nested_without_end_is_a_sentence(tmp_path: Path) -> None:
    write(tmp_path, range(3))
    victim = segments(tmp_path)[1]

    def nest(index: Index) -> None:
        index["deep"] = 1

    forge(victim, nest)
    data = victim.read_bytes()
    block = Block.unpack(data[:BLOCK])
    text = b"[" * 200_000
    parts = {**block.parts, "index": Extent(len(data), len(text), crc32(text))}
    size = len(data) + len(text)
    victim.write_bytes(Block(size, parts).pack() + data[BLOCK:] + text)
    history = vizframe.store.open(tmp_path)
    assert list(history.steps) == [0, 2]
    assert victim.name in history.faults()[0]


def test_a_frame_that_fits_a_sparse_file_is_not_allocated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, range(3))
    victim = segments(tmp_path)[1]
    size = 1 << 42

    def grow(index: Index) -> None:
        first(index)["declaration"]["picture_shape"] = [1 << 20, 1 << 18]
        first(index)["stored"] = BLOCK

    forge(victim, grow)
    with victim.open("r+b") as file:
        block = Block.unpack(file.read(BLOCK))
        file.seek(0)
        file.write(Block(size, block.parts).pack())
    os.truncate(victim, size)
    history = vizframe.store.open(tmp_path)
    assert list(history.steps) == [0, 2]
    assert history.faults() == [f"{victim} is damaged or foreign: most of it was never written"]
    assert_whole(history, [0, 2])
    monkeypatch.setattr("vizframe.store.format.source.DENSEST", 1 << 40)
    history = vizframe.store.open(tmp_path)
    assert list(history.steps) == [0, 1, 2]
    with pytest.raises(HistoryError, match="a frame of 1099511627840 bytes; 268435456 can be read"):
        history.tiles(declaration("conv0").key, 1)
    assert_whole(history, [0, 2])


def test_a_part_of_terabytes_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vizframe.store.format.source.DENSEST", 1 << 40)
    write(tmp_path, range(3))
    victim = segments(tmp_path)[1]
    size = 1 << 42
    with open_source(victim) as source:
        block = Block.unpack(victim.read_bytes()[:BLOCK])
        assert source.size < size
    parts = {**block.parts, "index": Extent(BLOCK, size - BLOCK, 0)}
    with victim.open("r+b") as file:
        file.write(Block(size, parts).pack())
    os.truncate(victim, size)
    history = vizframe.store.open(tmp_path)
    assert list(history.steps) == [0, 2]
    assert "its part 'index' claims" in history.faults()[0]


def test_many_names_times_many_steps_are_no_table(tmp_path: Path) -> None:
    """Each of two files is small; a table of all their numbers would have 8 GB."""
    with vizframe.store.create(tmp_path, INFO, PROBE) as store:
        names = {f"n{number}": float(number) for number in range(20_000)}
        store.commit(StepRecord(step=0, scalars=names))
        for step in range(1, 4):
            store.commit(StepRecord(step=step, scalars={"loss": 1.0}))
    values = vizframe.store.open(tmp_path).scalars().values
    tracemalloc.start()
    try:
        assert len(values) == 20_001
        assert values["n7"][0] == 7
        assert values["loss"][1:].tolist() == [1, 1, 1]
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_what_a_run_lists_is_bounded_as_a_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, range(6))
    history = vizframe.store.open(tmp_path)
    weight = history._union.segments[0].weight
    monkeypatch.setattr(listing, "MOST_BYTES", 3 * listing.SERIES_BYTES + 4 * weight)
    history = vizframe.store.open(tmp_path)
    assert len(history.steps) == 4
    assert len(history.faults()) == 2
    assert "is left out: what the run's files list takes" in history.faults()[0]


def test_segments_whose_index_would_be_too_large_stay_unmerged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vizframe.store.write.merge.LARGEST_INDEX", 1000)
    write(tmp_path, range(4), merging=MergePlan(steps=4, grace=0))
    assert len(segments(tmp_path)) == 4
    assert_whole(vizframe.store.open(tmp_path), range(4))


def test_names_are_no_paths(tmp_path: Path) -> None:
    write(tmp_path / "runs" / "one", range(2))
    catalog = vizframe.store.RunCatalog(tmp_path / "runs")
    for name in ("../runs/one", "/etc", "..", "", ".", "one/../one", "one/run.json"):
        with pytest.raises(UnknownName):
            catalog.open(name)
