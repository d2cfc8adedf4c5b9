"""The long run: thousands of refreshes, many threads, forks, names, and what merging leaves."""

from __future__ import annotations

import gc
import os
import resource
import sys
import threading
import time
import tracemalloc
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import vizframe.store
from tests.store.small import (
    INFO,
    NEVER,
    PROBE,
    assert_whole,
    declaration,
    record,
    segments,
    write,
)
from vizframe.errors import HistoryWriteError, UnknownName, UsageError
from vizframe.history import SeriesKey, StepRecord
from vizframe.plugin.frame import Frame
from vizframe.store.format.names import (
    Session,
)
from vizframe.store.format.skeleton import Dataset, lay_out
from vizframe.store.read import listing
from vizframe.store.read.segment import Segment, read_segment
from vizframe.store.write.due import MergePlan
from vizframe.testing.runs import declare

SESSION = Session(0x18EA, "main", "0ca815")


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def forget_names() -> None:
    """Empty Python's cache of type attributes.

    NumPy looks methods up by strings that it makes anew at each call ("accumulate" in every
    ``cumsum``), and the cache holds on to thousands of these: 10 to 30 kB in 1,000 polls, 240 kB
    when it is full.
    """
    clear = getattr(sys, "_clear_internal_caches", None) or sys._clear_type_cache
    clear()


def test_thousands_of_refreshes_leak_nothing(tmp_path: Path) -> None:
    """Less than two bytes a poll, where one forgotten reference would be eight."""
    write(tmp_path, range(20), merging=MergePlan(steps=8, grace=0))
    history = vizframe.store.open(tmp_path)
    key = declaration("conv0").key
    newest = segments(tmp_path)[-1]
    sound = newest.read_bytes()

    def poll(number: int) -> None:
        if number % 20 == 0:
            newest.unlink()
        if number % 20 == 10:
            newest.write_bytes(sound if number % 40 == 10 else sound[:-1])
        history.refresh()
        history.tiles(key, 3)
        history.strip(key, (1,), range(19))

    def used_after(polls: int) -> int:
        """The bytes that are still in use then. A multiple of 40 ends where it began."""
        for number in range(polls):
            poll(number)
        gc.collect()
        forget_names()
        return tracemalloc.get_traced_memory()[0]

    used_after(400)
    before = descriptors()
    tracemalloc.start()
    settled = used_after(200)
    grown = used_after(600) - settled
    tracemalloc.stop()
    assert descriptors() == before
    assert grown < 1200


def test_a_reader_of_many_segments_holds_no_descriptor(tmp_path: Path) -> None:
    write(tmp_path, range(60))
    before = descriptors()
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (before + 10, limits[1]))
    try:
        history = vizframe.store.open(tmp_path)
        assert_whole(history, range(60))
        assert descriptors() == before
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)


def test_a_refresh_opens_only_what_is_new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []

    def note(path: Path) -> Segment:
        opened.append(path.name)
        return read_segment(path)

    monkeypatch.setattr(listing, "read_segment", note)
    with vizframe.store.create(tmp_path, INFO, PROBE) as store:
        store.commit(record(0))
        history = vizframe.store.open(tmp_path)
        for step in range(1, 6):
            opened.clear()
            assert not history.refresh()
            assert opened == []
            store.commit(record(step))
            assert history.refresh()
            assert len(opened) == 1


def count_looks(monkeypatch: pytest.MonkeyPatch, missed_at_first: str = "") -> list[Path]:
    """The folders that are listed from now on; the first listing misses the names with this."""
    looks: list[Path] = []

    def listed(folder: Path) -> list[str]:
        looks.append(folder)
        hides = missed_at_first and len(looks) == 1
        return [each for each in os.listdir(folder) if not (hides and missed_at_first in each)]

    monkeypatch.setattr(listing, "os", SimpleNamespace(listdir=listed, lstat=os.lstat))
    return looks


def test_a_listing_that_shows_a_step_and_not_the_one_before_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As happens when both are renamed while the folder is being listed."""
    with vizframe.store.create(tmp_path, INFO, PROBE, merging=NEVER) as store:
        for step in range(3):
            store.commit(record(step))
        history = vizframe.store.open(tmp_path)
        for step in (3, 4):
            store.commit(record(step))
        looks = count_looks(monkeypatch, missed_at_first=".s00000003-")
        assert history.refresh()
        assert list(history.steps) == [0, 1, 2, 3, 4]
        assert len(looks) == 2
        assert not history.refresh()
        assert len(looks) == 3


def test_a_step_that_somebody_deleted_is_looked_for_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with vizframe.store.create(tmp_path, INFO, PROBE, merging=NEVER) as store:
        for step in range(3):
            store.commit(record(step))
        next(tmp_path.glob("*.s00000001-*")).unlink()
        history = vizframe.store.open(tmp_path)
        assert list(history.steps) == [0, 2]
        looks = count_looks(monkeypatch)
        store.commit(record(3))
        assert history.refresh()
        assert len(looks) == 1


def test_many_threads_read_while_one_writes(tmp_path: Path) -> None:
    failures: list[BaseException] = []
    done = threading.Event()
    with vizframe.store.create(
        tmp_path, INFO, PROBE, merging=MergePlan(steps=4, fan=4, grace=0.2)
    ) as store:
        store.commit(record(0))
        history = vizframe.store.open(tmp_path)

        def look() -> None:
            try:
                while not done.is_set():
                    history.refresh()
                    steps = history.steps
                    assert_whole(history, [steps[-1], steps[len(steps) // 2]])
                    history.strip(declaration("dense").key, (2,), steps)
                    assert not history.faults()
            except BaseException as failed:
                failures.append(failed)

        threads = [threading.Thread(target=look) for _ in range(4)]
        for thread in threads:
            thread.start()
        for step in range(1, 60):
            store.commit(record(step))
            time.sleep(0.005)
        done.set()
        for thread in threads:
            thread.join()
    assert not failures
    assert_whole(vizframe.store.open(tmp_path), range(60))


def test_a_fork_may_not_write_with_its_parents_writer(tmp_path: Path) -> None:
    with vizframe.store.create(tmp_path, INFO, PROBE) as store:
        store.commit(record(0))
        child = os.fork()
        if child == 0:
            status = 1
            try:
                with pytest.raises(HistoryWriteError, match="create one in each process"):
                    store.commit(record(1))
                store.close()
                status = 0
            finally:
                os._exit(status)
        assert os.waitpid(child, 0)[1] == 0
        store.commit(record(1))
    assert list(vizframe.store.open(tmp_path).steps) == [0, 1]


@pytest.mark.parametrize("name", ["", "a b", "../x", "x" * 41, "ü", "a.b", "a/b"])
def test_a_writer_whose_name_is_no_file_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="it can be 1 to 40 letters, digits"):
        vizframe.store.create(tmp_path, INFO, writer=name)


def test_a_resumed_run_keeps_what_it_said_first(tmp_path: Path) -> None:
    write(tmp_path, [0])
    vizframe.store.create(tmp_path, INFO.model_copy(update={"name": "another"})).close()
    assert vizframe.store.open(tmp_path).info == INFO


def test_a_clock_that_was_set_back_hides_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, range(4))
    monkeypatch.setattr(time, "time_ns", lambda: 1_000)
    write(tmp_path, range(4, 6))
    monkeypatch.undo()
    assert list(vizframe.store.open(tmp_path).steps) == list(range(6))
    vizframe.store.compact(tmp_path)
    monkeypatch.setattr(time, "time_ns", lambda: 1_000)
    write(tmp_path, range(6, 8))
    assert list(vizframe.store.open(tmp_path).steps) == list(range(8))


def test_thousands_of_series_are_laid_out_in_memory() -> None:
    datasets = [Dataset(f"frames/a/layer{n}/stored", (4, 8), np.dtype("f4")) for n in range(3000)]
    skeleton = lay_out(datasets)
    image = skeleton.image()
    for dataset in datasets:
        image.put(skeleton.offsets[dataset.path], bytes(dataset.nbytes))
    assert sum(map(len, image.buffers())) == skeleton.size


def test_a_run_of_many_series_comes_back(tmp_path: Path) -> None:
    frames = []
    for number in range(300):
        key = SeriesKey(label="activation", layer=f"layer{number}")
        values = np.full((2, 3, 3), number, np.float32)
        frames.append((declare(key, ("unit", "y", "x"), (2, 3, 3)), Frame(key.layer, values)))
    with vizframe.store.create(tmp_path, INFO, merging=MergePlan(steps=3, grace=0)) as store:
        for step in range(4):
            store.commit(StepRecord(step, frames))
    history = vizframe.store.open(tmp_path)
    assert [key.layer for key in history.declarations] == [f"layer{n}" for n in range(300)]
    for number in (0, 150, 299):
        key = SeriesKey(label="activation", layer=f"layer{number}")
        assert history.tiles(key, 2).low.tolist() == [number, number]


def test_nothing_of_a_step_that_python_interrupts_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with vizframe.store.create(tmp_path, INFO, PROBE) as store:
        store.commit(record(0))

        def interrupt(source: object, target: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(os, "rename", interrupt)
        with pytest.raises(KeyboardInterrupt):
            store.commit(record(1))
        monkeypatch.undo()
        assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
            [".claim-main", "run.json", "probe.h5", segments(tmp_path)[0].name]
        )
        store.commit(record(1))
    assert_whole(vizframe.store.open(tmp_path), [0, 1])


def test_what_was_removed_is_forgotten_at_the_second_look(tmp_path: Path) -> None:
    write(tmp_path, range(3))
    history = vizframe.store.open(tmp_path)
    segments(tmp_path)[1].unlink()
    assert not history.refresh()
    assert list(history.steps) == [0, 1, 2]
    assert history.refresh()
    assert list(history.steps) == [0, 2]
    for path in segments(tmp_path):
        path.unlink()
    with pytest.raises(UnknownName, match="there is no series at all"):
        history.tiles(declaration("conv0").key, 0)
