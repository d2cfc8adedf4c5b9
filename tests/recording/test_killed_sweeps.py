"""Trainings that are started together, again, or twice by mistake, and go elsewhere, are killed at
any moment: no step that was committed is lost, hidden, or in the wrong run.

80 deaths by default; ``VIZFRAME_KILLS=10000 pytest tests/recording/test_killed_sweeps.py`` for
more.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

import vizframe.store
from tests.nursery import Nursery
from tests.store.test_kill import assert_whole, record, steps_of
from vizframe.errors import RunTaken
from vizframe.recording.past import make_run_folder
from vizframe.store.write.due import MergePlan
from vizframe.testing.runs import fake_info

DEATHS = int(os.environ.get("VIZFRAME_KILLS", "80"))
TOGETHER = 4
MOST_COMMITS = 12
"""Of all that train together, from one death to the next."""

LONGEST = 2.0
"""Seconds from one death to the next, however busy the machine is."""

ROUNDS = 5
"""Until a fresh folder is begun."""

FOLDERS = max(1, DEATHS // TOGETHER // ROUNDS)

RUNS = Path("runs")
SHARED = RUNS / "shared"

PLANS = (
    MergePlan(steps=4, fan=3, grace=0.2),
    MergePlan(steps=32, fan=3, grace=0.2, files=24),  # merged at a quarter, and in a hurry
)


def claim_shared() -> tuple[Path, vizframe.store.Claim | None]:
    """The run that all name; a run beside it for who is not the first, as the recorder has it."""
    try:
        return SHARED, vizframe.store.claim(SHARED)
    except RunTaken:
        return make_run_folder(SHARED.name, RUNS), None


def train(folder: str, seed: int) -> None:
    """Commit step after step, and tell each; until killed."""
    os.chdir(folder)
    told = os.open("told", os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    dice = random.Random(seed)
    is_shared, plan = dice.random() < 0.6, dice.choice(PLANS)
    path, claimed = claim_shared() if is_shared else (make_run_folder("train", RUNS), None)
    own = path.absolute()
    start = 0
    if (own / "run.json").exists():
        start = max(vizframe.store.open(own).steps, default=-1) + 1
    info = fake_info("killed").model_copy(update={"id": f"{path.name}-{start}-{seed}"})
    writer = vizframe.store.create(path, info, claimed=claimed, merging=plan)
    if dice.random() < 0.7:
        os.chdir(dice.choice(["/", "elsewhere"]))
    for step in range(start, start + 10_000):
        writer.commit(record("w0", step))
        os.write(told, f"{own} {step}\n".encode())


def lines(told: Path) -> int:
    return told.read_bytes().count(b"\n") if told.exists() else 0


def kill_one_after_the_other(nursery: Nursery, children: Sequence[int], told: Path) -> None:
    """Each at a moment of its own: at once, or after some commits of any of them."""
    for child in children:
        due = lines(told) + random.choice([0, *[random.randint(1, MOST_COMMITS)] * 3])
        end = time.monotonic() + LONGEST
        while lines(told) < due and time.monotonic() < end:
            time.sleep(0.002)
        time.sleep(random.uniform(0, 0.01))
        os.kill(child, signal.SIGKILL)
    for child in children:
        assert nursery.bury(child) == -signal.SIGKILL, "a training failed before it was killed"


def check(told: Path, since: int = 0, *, thoroughly: bool) -> int:
    """How many steps were committed, all of which are there; of the runs told of since a line."""
    committed: dict[str, set[int]] = {}
    new: set[str] = set()
    for number, line in enumerate(told.read_text().splitlines()):
        run, _, word = line.rpartition(" ")
        assert int(word) not in committed.setdefault(run, set()), "a step was committed twice"
        committed[run].add(int(word))
        if number >= since:
            new.add(run)
    for run in new:
        steps = committed[run]
        history = vizframe.store.open(run)
        assert not history.faults()
        shown = list(steps_of(history, "w0"))
        assert steps <= set(shown), "a committed step is lost, or hidden"
        assert shown == list(range(len(shown)))
        for step in shown if thoroughly else shown[-2:]:
            assert_whole(history, "w0", step)
    return sum(map(len, committed.values()))


def live_and_die(nursery: Nursery, folder: Path) -> int:
    """How many steps were committed in some rounds of deaths."""
    (folder / "elsewhere").mkdir(parents=True)
    told = folder / "told"
    for _ in range(ROUNDS):
        since = lines(told)
        seeds = [random.randrange(2**32) for _ in range(TOGETHER)]
        children = [nursery.bear(str(folder), seed) for seed in seeds]
        kill_one_after_the_other(nursery, children, told)
        if told.exists():
            check(told, since, thoroughly=False)
    return check(told, thoroughly=True)


@pytest.mark.timeout(7200)
def test_no_committed_step_is_lost_or_hidden(tmp_path: Path) -> None:
    with Nursery(f"{__name__}:train", "tests.store.test_kill:warm") as nursery:
        committed = sum(live_and_die(nursery, tmp_path / str(each)) for each in range(FOLDERS))
    assert committed > 0
