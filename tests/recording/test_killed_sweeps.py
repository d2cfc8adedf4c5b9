"""Trainings that are started together, again, or twice by mistake, and go elsewhere, are killed at
any moment: no step that was committed is lost, hidden, or in the wrong run.

60 deaths by default; ``VIZFRAME_KILLS=10000 pytest tests/recording/test_killed_sweeps.py`` for
more.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
import traceback
from collections.abc import Sequence
from pathlib import Path

import pytest

import vizframe.store
from tests.store.test_kill import assert_whole, record, steps_of
from vizframe.errors import RunTaken
from vizframe.recording.past import make_run_folder
from vizframe.store.write.due import MergePlan
from vizframe.testing.runs import fake_info

DEATHS = int(os.environ.get("VIZFRAME_KILLS", "60"))
TOGETHER = 3
LONGEST = 0.25
"""Seconds that a training lives."""

ROUNDS = 6
"""Until a fresh folder is begun."""

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


def train(told: int, seed: int) -> None:
    """Commit step after step, and tell each; until killed."""
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


def start(told: int, seed: int) -> int:
    child = os.fork()
    if child == 0:
        sys.settrace(None)
        try:
            train(told, seed)
        except BaseException:
            traceback.print_exc()
        os._exit(1)
    return child


def kill_one_after_the_other(children: Sequence[int]) -> None:
    """Each at a moment of its own, within what the longest may live."""
    moments = sorted(random.uniform(0, LONGEST) for _ in children)
    begun = time.monotonic()
    for child, moment in zip(children, moments, strict=True):
        time.sleep(max(0.0, begun + moment - time.monotonic()))
        os.kill(child, signal.SIGKILL)
    for child in children:
        status = os.waitpid(child, 0)[1]
        assert os.WIFSIGNALED(status), "a training failed before it was killed"


def check(told: Path, *, thoroughly: bool) -> int:
    """How many steps were committed, all of which are there."""
    committed: dict[str, set[int]] = {}
    for line in told.read_text().splitlines():
        run, _, word = line.rpartition(" ")
        assert int(word) not in committed.setdefault(run, set()), "a step was committed twice"
        committed[run].add(int(word))
    for run, steps in committed.items():
        history = vizframe.store.open(run)
        assert not history.faults()
        shown = list(steps_of(history, "w0"))
        assert steps <= set(shown), "a committed step is lost, or hidden"
        assert shown == list(range(len(shown)))
        for step in shown if thoroughly else shown[-2:]:
            assert_whole(history, "w0", step)
    return sum(map(len, committed.values()))


@pytest.mark.timeout(7200)
def test_no_committed_step_is_lost_or_hidden(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    committed = 0
    for number in range(max(1, DEATHS // TOGETHER // ROUNDS)):
        folder = tmp_path / str(number)
        (folder / "elsewhere").mkdir(parents=True)
        monkeypatch.chdir(folder)
        told = os.open(folder / "told", os.O_CREAT | os.O_WRONLY | os.O_APPEND)
        for _ in range(ROUNDS):
            children = [start(told, random.randrange(2**32)) for _ in range(TOGETHER)]
            kill_one_after_the_other(children)
            check(folder / "told", thoroughly=False)
        os.close(told)
        committed += check(folder / "told", thoroughly=True)
    assert committed > 0
