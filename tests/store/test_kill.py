"""A writer is killed at any moment, merging included, under the eyes of a polling reader.

200 kills by default; ``VIZFRAME_KILLS=5000 pytest tests/store/test_kill.py`` for a long night.
"""

from __future__ import annotations

import os
import random
import signal
import struct
import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import vizframe.store
from vizframe.history import Declaration, History, SeriesKey, StepRecord
from vizframe.plugin.frame import Frame
from vizframe.store.care import compaction
from vizframe.store.read.origin import Folder
from vizframe.store.write.due import MergePlan
from vizframe.testing.runs import declare, fake_info

KILLS = int(os.environ.get("VIZFRAME_KILLS", "200"))
LIVES = 6
"""Kills of one run before a fresh one is begun."""

LONGEST = 0.15
"""Seconds that a writer lives: long enough to merge several times."""

LAYERS = ("conv0", "conv1", "dense")
PLAN = MergePlan(steps=4, fan=3, grace=0.2)
STEP = struct.Struct("<q")


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


@dataclass
class Victim:
    """A forked process that commits steps and acknowledges each on a pipe."""

    run: Path
    name: str
    first: int
    acknowledged: list[int] = field(default_factory=list)
    pid: int = 0
    pipe: int = -1

    def start(self) -> None:
        read, write = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(read)
            self._live(write)
        os.close(write)
        self.pipe = read

    def _live(self, pipe: int) -> None:
        """Never returns: what pytest holds is not for this process to close."""
        sys.settrace(None)  # nobody asks a killed process for its coverage, and it is slow
        try:
            info = fake_info("killed")
            writer = vizframe.store.create(self.run, info, writer=self.name, merging=PLAN)
            for step in range(self.first, self.first + 10_000):
                writer.commit(record(self.name, step))
                os.write(pipe, STEP.pack(step))
        except BaseException:
            traceback.print_exc()
        os._exit(1)

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)

    def bury(self) -> None:
        """Wait for its end, and read what it had acknowledged."""
        _, status = os.waitpid(self.pid, 0)
        assert os.WIFSIGNALED(status), "the writer failed before it was killed"
        while data := os.read(self.pipe, 1 << 16):
            self.acknowledged += [step for (step,) in STEP.iter_unpack(data)]
        os.close(self.pipe)


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


def watch(history: History, names: Sequence[str], until: float) -> int:
    """Poll as a page does; the polls. What was seen once stays, and all that is seen is whole."""
    seen: dict[str, list[int]] = {name: [] for name in names}
    polls = 0
    while time.monotonic() < until:
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
    return polls


def kill_all(victims: Sequence[Victim]) -> None:
    for victim in victims:
        victim.kill()


@dataclass
class Life:
    """One run through several kills of all its writers."""

    run: Path
    names: Sequence[str]
    acknowledged: dict[str, set[int]] = field(default_factory=dict)

    def pass_by(self) -> None:
        """Let the writers work for a moment, kill them, and see that nothing is lost."""
        history = vizframe.store.open(self.run) if (self.run / "run.json").exists() else None
        victims = [Victim(self.run, name, _next(history, name)) for name in self.names]
        for victim in victims:
            victim.start()
        seconds = random.uniform(0, LONGEST)
        # On time, however long the reader takes over what it sees.
        death = threading.Timer(seconds, kill_all, [victims])
        death.start()
        if history is not None:
            watch(history, self.names, time.monotonic() + seconds)
        death.join()
        for victim in victims:
            victim.bury()
            self.acknowledged.setdefault(victim.name, set()).update(victim.acknowledged)
        if (self.run / "run.json").exists():
            self.check(thoroughly=False)

    def check(self, *, thoroughly: bool) -> None:
        history = vizframe.store.open(self.run)
        assert not history.faults()
        for name in self.names:
            steps = list(steps_of(history, name))
            assert steps == list(range(len(steps)))
            assert self.acknowledged[name] <= set(steps), "a committed step is lost"
            some = random.sample(steps, min(len(steps), 40))
            for step in some if thoroughly else steps[-3:]:
                assert_whole(history, name, step)
            scalars = history.scalars()
            values = scalars.values.get(name, np.empty(0))
            assert values[~np.isnan(values)].tolist() == steps


def kill_soon(work: Callable[[], object], seconds: float) -> None:
    """Do it in a forked process, and kill that in the midst of it."""
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(0)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


@pytest.mark.timeout(3600)
def test_no_kill_of_a_compaction_loses_a_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compaction, "GRACE", 0.05)
    steps = range(40)
    with vizframe.store.create(tmp_path, fake_info("killed"), merging=PLAN) as store:
        for step in steps:
            store.commit(record("w0", step))
    history = vizframe.store.open(tmp_path)
    for _ in range(max(3, KILLS // 10)):
        kill_soon(lambda: vizframe.store.compact(tmp_path), random.uniform(0.0, 0.4))
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
@pytest.mark.parametrize("writers", [1, 2, 4])
def test_no_kill_loses_or_tears_a_committed_step(tmp_path: Path, writers: int) -> None:
    names = [f"w{number}" for number in range(writers)]
    rounds = max(1, KILLS // 3 // writers)
    for number in range(0, rounds, LIVES):
        life = Life(tmp_path / f"run{number}", names)
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
