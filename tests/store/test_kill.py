"""A writer is killed at any moment, merging included, under the eyes of a polling reader.

240 kills by default, other ones each time;
``VIZFRAME_KILLS=10000 pytest tests/store/test_kill.py`` for half an hour.
"""

from __future__ import annotations

import os
import random
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import vizframe.store
from tests.nursery import Nursery
from tests.store.small import spooled
from vizframe.history import Declaration, History, SeriesKey, StepRecord
from vizframe.plugin.frame import Frame
from vizframe.store.care import compaction
from vizframe.store.read.origin import Folder
from vizframe.store.write import spool
from vizframe.store.write.due import MergePlan
from vizframe.testing.runs import declare, fake_info

KILLS = int(os.environ.get("VIZFRAME_KILLS", "240"))
LIVES = 6
"""Kills of one run before a fresh one is begun."""

MOST_COMMITS = 8
"""Of a writer before it is killed: enough for several merges."""

PAUSE = 0.01
"""Seconds between two looks of the reader, which leaves the writers some of the machine."""

LONGEST = 2.0
"""Seconds that a writer lives, however busy the machine is."""

LAYERS = ("conv0", "conv1", "dense")
LINE = b"%09d\n"
PLAN = MergePlan(steps=4, fan=3, grace=0.2)


@cache
def declaration(writer: str, layer: str) -> Declaration:
    key = SeriesKey(label=f"by-{writer}", layer=layer)
    return declare(key, ("unit", "y", "x"), (8, 24, 24), value_range=(0, 1), columns={"norm": 0})


@cache
def picture(writer: str, layer: str, step: int) -> Frame:
    """Other pixels for every writer, layer and step."""
    seed = [int(writer[1:]), LAYERS.index(layer), step]
    pixels = np.random.default_rng(seed).integers(0, 256, (8, 24, 24), np.uint8)
    return Frame(layer, pixels, columns={"norm": np.full(8, step, np.float32)})


def record(writer: str, step: int) -> StepRecord:
    frames = [(declaration(writer, layer), picture(writer, layer, step)) for layer in LAYERS]
    return StepRecord(step=step, frames=frames, scalars={writer: float(step)}, time=time.time())


def live(run: str, name: str, first: int, told: str) -> None:
    """Commit step after step, and tell each; until killed."""
    fd = os.open(told, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    writer = vizframe.store.create(run, fake_info("killed"), writer=name, merging=PLAN)
    spool.HELD = 0  # of every second step all frames wait on the disk
    for step in range(first, first + 10_000):
        made = record(name, step)
        writer.commit(spooled(writer, made) if step % 2 else made)
        os.write(fd, LINE % step)


def merge(run: str) -> None:
    compaction.GRACE = 0.05
    vizframe.store.compact(run)


def work(what: str, *given: str | int) -> None:
    """What a child does: it records, or it compacts."""
    {"live": live, "merge": merge}[what](*given)  # type: ignore[operator]


def warm() -> None:
    """Do once what every child does: a second time it takes a tenth."""
    with (
        tempfile.TemporaryDirectory() as folder,
        vizframe.store.create(folder, fake_info("warm"), merging=PLAN) as store,
    ):
        for step in range(8):
            store.commit(record("w0", step))


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    with Nursery("tests.store.test_kill:work", "tests.store.test_kill:warm") as made:
        yield made


@dataclass
class Victim:
    """A process that commits steps and writes each down when it is committed."""

    nursery: Nursery
    run: Path
    name: str
    first: int
    pid: int = 0
    commits: int = 0
    """After how many it is to die; while it opens the run where that is none."""
    _due: int = 0
    """Bytes that it has written down by then."""

    @property
    def told(self) -> Path:
        return self.run.with_name(f"{self.run.name}-{self.name}")

    def start(self) -> None:
        before = self._told_bytes()
        self.commits = random.choice([0, *[random.randint(1, MOST_COMMITS)] * 3])
        self._due = before + self.commits * len(LINE % 0)
        self.pid = self.nursery.bear("live", str(self.run), self.name, self.first, str(self.told))

    def _told_bytes(self) -> int:
        return self.told.stat().st_size if self.told.exists() else 0

    def kill_when_due(self) -> None:
        """At any moment of a commit, of a merge, or of opening the run."""
        end = time.monotonic() + LONGEST
        while self._told_bytes() < self._due and time.monotonic() < end:
            time.sleep(0.002)
        time.sleep(random.uniform(0, 0.003 if self.commits else 0.03))
        os.kill(self.pid, signal.SIGKILL)

    def bury(self) -> set[int]:
        """Wait for its end; what it and those before it had committed."""
        status = self.nursery.bury(self.pid)
        assert status == -signal.SIGKILL, "the writer failed before it was killed"
        return set(map(int, self.told.read_text().split())) if self.told.exists() else set()


def assert_whole(history: History, writer: str, step: int) -> None:
    """See that a step is all there, bit by bit."""
    for layer in LAYERS:
        key = declaration(writer, layer).key
        tiles = history.tiles(key, step)
        expected = picture(writer, layer, step)
        assert not tiles.missing.any()
        assert (tiles.stored == expected.values).all()
        assert (history.columns(key, step)["norm"] == expected.columns["norm"]).all()


def steps_of(history: History, writer: str) -> Sequence[int]:
    """The steps of a writer, the same for each of its layers."""
    keys = [declaration(writer, layer).key for layer in LAYERS]
    if not set(keys) <= set(history.declarations):
        assert not set(keys) & set(history.declarations), "a step is torn"
        return []
    first, *others = (list(history.series_steps(key)) for key in keys)
    assert all(other == first for other in others), "a step is torn"
    return first


def watch(history: History, names: Sequence[str], writing: Callable[[], bool]) -> int:
    """Poll as a page does; the polls. What was seen once stays, and all that is seen is whole."""
    seen: dict[str, list[int]] = {name: [] for name in names}
    polls = 0
    while writing():
        history.refresh()
        polls += 1
        for name in names:
            steps = list(steps_of(history, name))
            assert steps[: len(seen[name])] == seen[name], "a step vanished"
            seen[name] = steps
            if steps:
                assert_whole(history, name, steps[-1])
                assert_whole(history, name, random.choice(steps))
        assert not history.faults()
        time.sleep(PAUSE)
    return polls


def kill_all(victims: Sequence[Victim]) -> None:
    for victim in victims:
        victim.kill_when_due()


@dataclass
class Life:
    """One run through several kills of all its writers."""

    nursery: Nursery
    run: Path
    names: Sequence[str]
    acknowledged: dict[str, set[int]] = field(default_factory=dict)

    def pass_by(self) -> None:
        """Let the writers work for a moment, kill them, and see that nothing is lost."""
        history = vizframe.store.open(self.run) if (self.run / "run.json").exists() else None
        victims = [
            Victim(self.nursery, self.run, name, _next(history, name)) for name in self.names
        ]
        for victim in victims:
            victim.start()
        # On time, however long the reader takes over what it sees.
        death = threading.Thread(target=kill_all, args=[victims])
        death.start()
        if history is not None:
            watch(history, self.names, death.is_alive)
        death.join()
        for victim in victims:
            self.acknowledged[victim.name] = victim.bury()
        if (self.run / "run.json").exists():
            self.check(thoroughly=False)

    def check(self, *, thoroughly: bool) -> None:
        history = vizframe.store.open(self.run)
        assert not history.faults()
        for name in self.names:
            steps = list(steps_of(history, name))
            assert steps == list(range(len(steps)))
            assert self.acknowledged[name] <= set(steps), "a committed step is lost"
            some = random.sample(steps, min(len(steps), 20))
            for step in some if thoroughly else steps[-3:]:
                assert_whole(history, name, step)
            scalars = history.scalars()
            values = scalars.values.get(name, np.empty(0))
            assert values[~np.isnan(values)].tolist() == steps


@pytest.mark.timeout(3600)
def test_no_kill_of_a_compaction_loses_a_step(tmp_path: Path, nursery: Nursery) -> None:
    steps = range(40)
    with vizframe.store.create(tmp_path, fake_info("killed"), merging=PLAN) as store:
        for step in steps:
            store.commit(record("w0", step))
    history = vizframe.store.open(tmp_path)
    for _ in range(max(3, KILLS // 20)):
        child = nursery.bear("merge", str(tmp_path))
        time.sleep(random.uniform(0.0, 0.2))
        os.kill(child, signal.SIGKILL)
        assert nursery.bury(child) in (0, -signal.SIGKILL)
        for each in (history, vizframe.store.open(tmp_path)):
            each.refresh()
            assert list(steps_of(each, "w0")) == list(steps)
            for step in random.sample(steps, 5):
                assert_whole(each, "w0", step)
            assert not each.faults()
    assert_swept(tmp_path)


def _next(history: History | None, name: str) -> int:
    """The step to go on at, as a training that loads its newest checkpoint would."""
    return max(steps_of(history, name), default=-1) + 1 if history else 0


@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("writers", "share"), [(1, 0.1), (2, 0.2), (4, 0.7)])
def test_no_kill_loses_or_tears_a_committed_step(
    tmp_path: Path, nursery: Nursery, writers: int, share: float
) -> None:
    names = [f"w{number}" for number in range(writers)]
    rounds = max(1, round(KILLS * share / writers))
    for number in range(0, rounds, LIVES):
        life = Life(nursery, tmp_path / f"run{number}", names)
        for _ in range(min(LIVES, rounds - number)):
            life.pass_by()
        life.check(thoroughly=True)
        assert_swept(life.run)


def assert_swept(run: Path) -> None:
    """See that the next writer removes what the dead ones left."""
    time.sleep(PLAN.grace)
    quick = MergePlan(grace=PLAN.grace / vizframe.store.SWEEP_AFTER)
    vizframe.store.create(run, fake_info("killed"), merging=quick).close()
    assert not [each.name for each in run.iterdir() if each.name.startswith(".tmp-")]
    origin = Folder(run)
    origin.refresh()
    files = {each.name for each in run.iterdir() if each.name not in ("run.json", "probe.h5")}
    assert files == set(origin.listing.sound), "what was replaced is still there"
