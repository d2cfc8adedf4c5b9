"""A run becomes one tidy file, smaller where that pays, with all that was visible of it."""

from __future__ import annotations

import io
import os
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import vizframe.store
from tests.store.small import (
    INFO,
    PROBE,
    SHAPES,
    assert_whole,
    damage,
    declaration,
    record,
    segments,
    write,
)
from vizframe.errors import DamagedSegment, HistoryError, HistoryWriteError, UsageError
from vizframe.history import Declaration, History, SeriesKey, StepRecord
from vizframe.plugin.frame import Encoding, Frame
from vizframe.store.care import compaction
from vizframe.store.format.deflate import inflate
from vizframe.store.format.packing import CHUNK
from vizframe.store.read.origin import Origin
from vizframe.store.read.segment import read_segment
from vizframe.store.write import merger
from vizframe.store.write.disk import Disk
from vizframe.store.write.due import MergePlan
from vizframe.testing.runs import declare, records

SMOOTH = SeriesKey(label="ascent", layer="conv0")
SPARSE = SeriesKey(label="activation", layer="relu0")
FLOATS = SeriesKey(label="weights", layer="conv0")
BARS = SeriesKey(label="norms", layer="conv0")


def waves(step: int, shape: tuple[int, ...]) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Smooth pictures, another phase for each tile."""
    y, x = np.meshgrid(np.arange(shape[1]), np.arange(shape[2]), indexing="ij")
    phase = np.arange(shape[0])[:, None, None] + step
    picture = np.sin(y / 9 + phase) * np.cos(x / 7 + phase)
    return np.broadcast_to(picture[..., None] if len(shape) == 4 else picture, shape).astype(
        np.float32
    )


def realistic_run(step: int) -> StepRecord:
    """A step with a series of every kind that compresses in its own way."""
    generator = np.random.default_rng(step)
    sparse = np.maximum(0, generator.standard_normal((3, 10, 20, 20), np.float32) - 1)
    frames: list[tuple[Declaration, Frame]] = []
    for key, axes, values, encoding in (
        (SMOOTH, ("unit", "y", "x", "channel"), waves(step, (5, 40, 48, 3)), "uint8"),
        (SPARSE, ("probe", "unit", "y", "x"), sparse, "uint8"),
        (FLOATS, ("unit", "y", "x"), np.round(waves(step, (6, 16, 16)), 2), "float32"),
        (BARS, ("unit",), np.arange(7, dtype=np.float32) + step, "float16"),
    ):
        kind: Encoding = encoding  # type: ignore[assignment]  # a literal in a tuple is a str
        made = declare(key, axes, values.shape, encoding=kind)
        frames.append((made, Frame(key.layer, values)))
    return StepRecord(step, frames, {"loss": 1.0}, time=1000.0 + step)


def assert_same_run(one: History, other: History) -> None:
    """See that two histories say the same, bit by bit."""
    assert list(one.steps) == list(other.steps)
    assert dict(one.declarations) == dict(other.declarations)
    assert one.info == other.info
    assert list(one.failures()) == list(other.failures())
    mine, theirs = one.scalars(), other.scalars()
    assert mine.steps.tolist() == theirs.steps.tolist()
    assert set(mine.values) == set(theirs.values)
    for name, values in mine.values.items():
        np.testing.assert_array_equal(values, theirs.values[name])
    for key, declared in one.declarations.items():
        steps = list(one.series_steps(key))
        assert steps == list(other.series_steps(key))
        for step in steps:
            assert_same_frame(one, other, key, step)
        if declared.tile_shape and 0 not in declared.tile_shape:
            last = tuple(size - 1 for size in declared.tile_shape)
            strips = [history.strip(key, last, steps) for history in (one, other)]
            np.testing.assert_array_equal(strips[0].stored, strips[1].stored)
            assert not strips[1].missing.any()


def assert_same_frame(one: History, other: History, key: SeriesKey, step: int) -> None:
    mine, theirs = one.tiles(key, step), other.tiles(key, step)
    for name in ("stored", "low", "high", "nonfinite", "missing"):
        np.testing.assert_array_equal(getattr(mine, name), getattr(theirs, name))
    columns = other.columns(key, step)
    for name, column in one.columns(key, step).items():
        np.testing.assert_array_equal(column, columns[name])
    assert list(one.notes(key, step)) == list(other.notes(key, step))
    if mine.low.ndim and len(mine.low):
        np.testing.assert_array_equal(
            one.tiles(key, step, (0,)).stored, other.tiles(key, step, (0,)).stored
        )


@pytest.fixture
def run(tmp_path: Path) -> Path:
    plan = MergePlan(steps=4, grace=0)
    with vizframe.store.create(tmp_path / "run", INFO, PROBE, merging=plan) as store:
        for step in range(6):
            store.commit(realistic_run(step))
    return tmp_path / "run"


def test_a_run_is_the_same_in_one_file_and_smaller(run: Path, tmp_path: Path) -> None:
    done = vizframe.store.compact(run, tmp_path / "one.h5")
    before, after = vizframe.store.open(run), vizframe.store.open(tmp_path / "one.h5")
    assert_same_run(before, after)
    assert after.probe is not None
    np.testing.assert_array_equal(after.probe.images, PROBE.images)
    assert not after.refresh()
    assert done.steps == 6
    assert done.frames == 24
    assert done.damaged_tiles == 0
    assert done.bytes_after == (tmp_path / "one.h5").stat().st_size
    assert done.bytes_after < 0.6 * done.bytes_before


def test_every_series_is_packed_as_suits_it(run: Path, tmp_path: Path) -> None:
    vizframe.store.compact(run, tmp_path / "one.h5")
    index = read_segment(tmp_path / "one.h5").index
    packings = {series.key: series.packing for series in index.series}
    smooth, sparse, floats = (packings[key] for key in (SMOOTH, SPARSE, FLOATS))
    assert smooth is not None
    assert sparse is not None
    assert floats is not None
    assert smooth.predictor in ("x", "yx")
    assert sparse.predictor == ""
    assert floats.shuffle in (1, 4)


def test_without_compression_nothing_is_packed(run: Path, tmp_path: Path) -> None:
    vizframe.store.compact(run, tmp_path / "one.h5", compress=False)
    index = read_segment(tmp_path / "one.h5").index
    assert [series.packing for series in index.series] == [None] * 4
    assert_same_run(vizframe.store.open(run), vizframe.store.open(tmp_path / "one.h5"))


def test_in_place_the_one_file_takes_the_place_of_all(run: Path, tmp_path: Path) -> None:
    vizframe.store.compact(run, tmp_path / "copy.h5")
    live = vizframe.store.open(run)
    done = vizframe.store.compact(run)
    assert segments(run) == [done.path]
    assert live.refresh()
    for history in (live, vizframe.store.open(run)):
        assert_same_run(vizframe.store.open(tmp_path / "copy.h5"), history)
        assert not history.faults()
    summaries = vizframe.store.RunCatalog(tmp_path).runs()
    assert sorted(summary.name for summary in summaries) == ["copy.h5", "run"]
    assert [(summary.steps, summary.last_step) for summary in summaries] == [(6, 5)] * 2


def test_a_compacted_run_goes_on_and_is_compacted_again(run: Path) -> None:
    vizframe.store.compact(run)
    with vizframe.store.create(run, INFO, PROBE) as store:
        for step in range(4, 9):
            store.commit(realistic_run(step))
    history = vizframe.store.open(run)
    assert list(history.steps) == list(range(9))
    done = vizframe.store.compact(run)
    assert segments(run) == [done.path]
    assert list(vizframe.store.open(run).steps) == list(range(9))


def test_what_a_resumed_training_left_behind_is_not_kept(tmp_path: Path) -> None:
    write(tmp_path / "run", range(6))
    write(tmp_path / "run", range(3, 5))
    done = vizframe.store.compact(tmp_path / "run", tmp_path / "one.h5")
    assert done.steps == 5
    history = vizframe.store.open(tmp_path / "one.h5")
    assert_whole(history, range(5))
    assert history.scalars().values["loss"].tolist() == [1 / (step + 1) for step in range(5)]


def test_a_writer_that_goes_on_during_a_compaction_loses_nothing(tmp_path: Path) -> None:
    run = tmp_path / "run"
    with vizframe.store.create(run, INFO, PROBE, merging=MergePlan(steps=4, grace=0.1)) as store:
        for step in range(7):
            store.commit(record(step))
        vizframe.store.compact(run)
        for step in range(7, 14):
            store.commit(record(step))
    history = vizframe.store.open(run)
    assert_whole(history, range(14))
    assert list(history.steps) == list(range(14))
    assert not history.faults()


@pytest.mark.parametrize("when", ["choose_ways", "publish"])
@pytest.mark.parametrize("times", [1, 99])
def test_a_source_that_is_merged_away_meanwhile_is_looked_for_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str, times: int
) -> None:
    """And not for ever: a run may change faster than it can be compacted."""
    write(tmp_path / "run", range(3))
    victim, away = segments(tmp_path / "run")[1], tmp_path / "away"
    real, begin = getattr(compaction, when), compaction._origin
    begun = 0

    def origin(path: Path) -> Origin:
        nonlocal begun
        begun += 1
        if away.exists():
            away.rename(victim)
        return begin(path)

    def merged_away(*given: Any, **named: Any) -> object:
        if begun <= times:
            victim.rename(away)
        return real(*given, **named)

    monkeypatch.setattr(compaction, "_origin", origin)
    monkeypatch.setattr(compaction, when, merged_away)
    monkeypatch.setattr(compaction, "GRACE", 0.0)
    if times == 1:
        assert vizframe.store.compact(tmp_path / "run").steps == 3
        assert_whole(vizframe.store.open(tmp_path / "run"), range(3))
        return
    with pytest.raises(HistoryError, match="compact it when the recording is over"):
        vizframe.store.compact(tmp_path / "run")
    assert begun == compaction.MOST_TRIES
    assert [path.name[:4] for path in (tmp_path / "run").glob("*.h5")].count("comp") == 0


def test_a_writer_whose_segments_were_compacted_says_nothing_and_merges_the_others(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compaction, "GRACE", 0.0)
    with vizframe.store.create(
        tmp_path, INFO, PROBE, merging=MergePlan(steps=4, grace=0.0)
    ) as store:
        for step in range(3):
            store.commit(record(step))
        vizframe.store.compact(tmp_path)
        monkeypatch.setattr(merger, "MOST_KEPT", 0)  # and none of them is in memory
        for piece in store._merger._pieces:
            object.__setattr__(piece, "data", None)
        for step in range(3, 12):
            store.commit(record(step))
    assert caplog.messages == []
    history = vizframe.store.open(tmp_path)
    assert_whole(history, range(12))
    assert history.faults() == []
    assert len(segments(tmp_path)) < 6


def test_runs_of_every_kind_are_the_same_when_compacted(tmp_path: Path) -> None:
    with vizframe.store.create(tmp_path / "run", INFO, PROBE) as store:
        for made in records(range(0, 30, 10)):
            store.commit(made)
    vizframe.store.compact(tmp_path / "run", tmp_path / "one.h5")
    assert_same_run(vizframe.store.open(tmp_path / "run"), vizframe.store.open(tmp_path / "one.h5"))


def test_any_hdf5_program_reads_the_pixels(run: Path, tmp_path: Path) -> None:
    vizframe.store.compact(run, tmp_path / "one.h5")
    history = vizframe.store.open(run)
    with h5py.File(tmp_path / "one.h5") as file:
        sparse = file["frames/activation/relu0/stored"]
        assert sparse.compression == "gzip"
        for step in range(6):
            np.testing.assert_array_equal(sparse[step], history.tiles(SPARSE, step).stored)
        smooth = file["frames/ascent/conv0/stored"]
        pixels = smooth[3]
        differences = smooth.attrs["differences"].decode()
        for axis in {"": (), "x": (2,), "yx": (1, 2)}[differences]:
            pixels = np.cumsum(pixels, axis, dtype=np.uint8)
        np.testing.assert_array_equal(pixels, history.tiles(SMOOTH, 3).stored)
        floats = file["frames/weights/conv0/stored"]
        np.testing.assert_array_equal(floats[2], history.tiles(FLOATS, 2).stored)


def test_a_damaged_tile_stays_damaged_and_is_counted(run: Path, tmp_path: Path) -> None:
    write(tmp_path / "small", range(3))
    victim = segments(tmp_path / "small")[1]
    series = read_segment(victim).index.series[0]
    with victim.open("r+b") as file:
        file.seek(series.stored)
        file.write(b"\x99" * 3)
    done = vizframe.store.compact(tmp_path / "small", tmp_path / "one.h5")
    assert done.damaged_tiles == 1
    history = vizframe.store.open(tmp_path / "one.h5")
    assert damage(history, "conv0", 1) == 1
    assert_whole(history, [0, 2])


def test_a_file_that_is_not_sound_is_left_where_it_is(tmp_path: Path) -> None:
    run = tmp_path / "run"
    write(run, range(5))
    victim = segments(run)[2]
    victim.write_text("hello")
    done = vizframe.store.compact(run)
    assert victim.exists()
    assert sorted(segments(run)) == sorted([victim, done.path])
    assert victim.name in done.left_out[0]
    history = vizframe.store.open(run)
    assert_whole(history, [0, 1, 3, 4])
    assert victim.name in history.faults()[0]


def test_damaged_chunks_are_missing_tiles(tmp_path: Path) -> None:
    with vizframe.store.create(tmp_path / "run", INFO, PROBE) as store:
        for step in range(3):
            store.commit(realistic_run(step))
    one = tmp_path / "one.h5"
    vizframe.store.compact(tmp_path / "run", one)
    with h5py.File(one) as file:
        chunk = file["frames/activation/relu0/stored"].id.get_chunk_info(1)
    with one.open("r+b") as raw:
        raw.seek(chunk.byte_offset + chunk.size // 2)
        raw.write(b"\xaa" * 8)
    history = vizframe.store.open(one)
    missing = [int(history.tiles(SPARSE, step).missing.sum()) for step in range(3)]
    assert sum(missing) > 0
    assert missing.count(0) >= 2
    assert not history.tiles(SMOOTH, 1).missing.any()


def test_what_is_no_run_or_in_the_way_is_refused(run: Path, tmp_path: Path) -> None:
    (tmp_path / "there.h5").write_text("mine")
    with pytest.raises(UsageError, match="is there already; give another name"):
        vizframe.store.compact(run, tmp_path / "there.h5")
    with pytest.raises(HistoryError, match="is no run"):
        vizframe.store.compact(tmp_path / "nothing", tmp_path / "one.h5")
    with pytest.raises(HistoryWriteError, match="No such file"):
        vizframe.store.compact(run, tmp_path / "no" / "folder" / "one.h5")
    vizframe.store.create(tmp_path / "empty", INFO).close()
    with pytest.raises(HistoryError, match="has no steps to compact"):
        vizframe.store.compact(tmp_path / "empty")
    vizframe.store.compact(run, tmp_path / "one.h5")
    with pytest.raises(UsageError, match="is one file already"):
        vizframe.store.compact(tmp_path / "one.h5")


class FullDisk(Disk):
    """Refuses all beyond some bytes."""

    def __init__(self, room: int) -> None:
        self.room = room

    def write(self, fd: int, buffers: object, offset: int) -> None:
        self.room -= sum(map(len, buffers))  # type: ignore[call-overload]
        if self.room < 0:
            raise OSError(28, "No space left on device")
        super().write(fd, buffers, offset)  # type: ignore[arg-type]


@pytest.mark.parametrize("room", [0, 100, 5_000, 50_000, 100_000])
def test_a_disk_that_fills_during_a_compaction_leaves_the_run_as_it_was(
    run: Path, room: int
) -> None:
    before = sorted(run.iterdir())
    with pytest.raises(HistoryWriteError, match="No space left") as refused:
        vizframe.store.compact(run, disk=FullDisk(room))
    assert refused.value.errno == 28
    assert sorted(run.iterdir()) == before


def test_a_source_elsewhere_is_read_like_a_file(run: Path, tmp_path: Path) -> None:
    vizframe.store.compact(run, tmp_path / "one.h5")
    data = (tmp_path / "one.h5").read_bytes()

    class Memory:
        name = "memory://one.h5"
        size = len(data)

        def read_into(self, view: memoryview, offset: int) -> None:
            io.BytesIO(data[offset : offset + len(view)]).readinto(view)

        def read_many(self, offsets: Sequence[int], sizes: Sequence[int]) -> Sequence[bytes]:
            pairs = zip(offsets, sizes, strict=True)
            return [data[offset : offset + size] for offset, size in pairs]

    history = vizframe.store.open_source_file(Memory())
    assert_same_run(vizframe.store.open(run), history)


def test_small_series_are_packed_too(tmp_path: Path) -> None:
    write(tmp_path / "run", range(5))
    vizframe.store.compact(tmp_path / "run", tmp_path / "one.h5")
    history = vizframe.store.open(tmp_path / "one.h5")
    assert_whole(history, range(5))
    for layer in SHAPES:
        assert list(history.series_steps(declaration(layer).key)) == list(range(5))


@pytest.mark.parametrize(("field", "value"), [("offset", 2**62), ("size", 2**32 - 1), ("size", 0)])
def test_a_table_of_chunks_that_lies_is_no_danger(run: Path, field: str, value: int) -> None:
    one = run.with_name("one.h5")
    vizframe.store.compact(run, one)
    series = next(each for each in read_segment(one).index.series if each.key == SPARSE)
    assert series.packing is not None
    with one.open("r+b") as file:
        file.seek(series.packing.chunks)
        entry = np.frombuffer(file.read(CHUNK.itemsize), CHUNK).copy()
        entry[field] = value
        file.seek(series.packing.chunks)
        file.write(entry.tobytes())
    history = vizframe.store.open(one)
    if value:
        with pytest.raises(DamagedSegment, match=r"one\.h5 is damaged.*the chunks of activation"):
            history.tiles(SPARSE, 0)
    else:
        assert history.tiles(SPARSE, 0).missing[0].all()
    assert not history.tiles(SPARSE, 1).missing.any()


def test_nothing_inflates_to_more_than_was_promised() -> None:
    bomb = zlib.compress(bytes(10**8))
    assert inflate(bomb, 100) is None
    assert inflate(zlib.compress(bytes(99)), 100) is None
    assert inflate(zlib.compress(bytes(100)), 100) == bytes(100)
    assert inflate(b"no stream at all", 100) is None


def test_a_link_to_a_compacted_run_is_followed(tmp_path: Path) -> None:
    run, link = tmp_path / "run", tmp_path / "newest.h5"
    write(run, range(3))
    vizframe.store.compact(run, tmp_path / "run.h5")
    link.symlink_to("run.h5")
    assert_whole(vizframe.store.open(link), range(3))
    assert vizframe.store.check(link).sound
    assert vizframe.store.compact(link, tmp_path / "again.h5").steps == 3


def test_a_compacted_run_that_may_not_be_read_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "run", range(2))
    vizframe.store.compact(tmp_path / "run", tmp_path / "run.h5")

    def refuse(*args: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(HistoryError, match=r"run\.h5 cannot be read: Permission denied"):
        vizframe.store.open(tmp_path / "run.h5")
