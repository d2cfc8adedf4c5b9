"""Long trainings keep some frames, and all numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import vizframe.store
from tests.store.small import INFO, SHAPES, assert_whole, declaration, record
from vizframe.errors import UsageError
from vizframe.history import StepRecord
from vizframe.plugin.frame import Frame
from vizframe.store.write.due import MergePlan
from vizframe.store.write.retention import Retention
from vizframe.store.write.thinning import folder_bytes
from vizframe.testing.runs import declare

CONV = declaration("conv0").key
QUICK = MergePlan(steps=4, fan=100, grace=0)


def record_run(run: Path, steps: int, retention: Retention, merging: MergePlan = QUICK) -> None:
    with vizframe.store.create(run, INFO, merging=merging, retention=retention) as store:
        for step in range(steps):
            store.commit(record(step))


def kept(run: Path) -> list[int]:
    """The steps with frames; the numbers of all steps are there."""
    history = vizframe.store.open(run)
    assert not history.faults()
    steps = list(history.series_steps(CONV))
    assert_whole(history, steps)
    assert all(list(history.series_steps(declaration(name).key)) == steps for name in SHAPES)
    losses = history.scalars().values["loss"].tolist()
    assert losses == [1 / (step + 1) for step in range(len(losses))]
    assert list(history.steps) == list(range(len(losses)))
    return steps


def test_by_default_all_is_kept(tmp_path: Path) -> None:
    record_run(tmp_path, 22, Retention())
    assert kept(tmp_path) == list(range(22))


def test_every_third_is_kept_of_what_is_merged(tmp_path: Path) -> None:
    record_run(tmp_path, 22, Retention(every=3))
    assert kept(tmp_path) == [0, 3, 6, 9, 12, 15, 18, 20, 21]


def test_a_second_merge_keeps_what_the_first_kept(tmp_path: Path) -> None:
    record_run(tmp_path, 17, Retention(every=3), MergePlan(steps=4, fan=2, grace=0))
    assert kept(tmp_path) == [0, 3, 6, 9, 12, 15, 16]


def test_log_spaced_steps_are_dense_at_first(tmp_path: Path) -> None:
    record_run(tmp_path, 120, Retention(per_decade=5), MergePlan(steps=20, grace=0))
    assert kept(tmp_path) == [*range(11), 16, 26, 40, 64, 100]


def test_the_marks_are_even_in_the_logarithm() -> None:
    commits = np.arange(100_000)
    found = commits[Retention(per_decade=10).kept(commits)]
    for low, high in ((10, 100), (100, 1_000), (1_000, 10_000), (10_000, 100_000)):
        assert ((found >= low) & (found < high)).sum() == 10


def test_a_size_limit_thins_the_oldest_first_and_never_the_ends(tmp_path: Path) -> None:
    wide = declare(CONV, ("unit", "y", "x"), (16, 64, 64))
    limit = 40 * 65_536
    with vizframe.store.create(
        tmp_path, INFO, merging=QUICK, retention=Retention(max_bytes=limit)
    ) as store:
        for step in range(60):
            picture = np.full((16, 64, 64), step, np.float32)
            store.commit(StepRecord(step, [(wide, Frame("conv0", picture))]))
    assert folder_bytes(tmp_path, ()) <= limit
    history = vizframe.store.open(tmp_path)
    assert list(history.steps) == list(range(60))
    steps = list(history.series_steps(CONV))
    assert [history.tiles(CONV, step).low[0] for step in steps] == steps
    assert steps[0] == 0
    assert steps[-1] == 59
    gaps = np.diff(steps)
    assert (np.diff(gaps) <= 0).all(), "the older, the sparser"
    assert gaps.max() <= 4


def test_a_size_limit_holds_with_the_newest_weights_beside_the_steps(tmp_path: Path) -> None:
    wide = declare(CONV, ("unit", "y", "x"), (16, 64, 64))
    limit = 20 * 65_536
    with vizframe.store.create(
        tmp_path, INFO, merging=QUICK, retention=Retention(max_bytes=limit)
    ) as store:
        for step in range(30):
            if step == 10:
                (tmp_path / "weights").mkdir()
                (tmp_path / "weights" / "000000000010.npz").write_bytes(bytes(limit // 4))
            picture = np.full((16, 64, 64), step, np.float32)
            store.commit(StepRecord(step, [(wide, Frame("conv0", picture))]))
    assert folder_bytes(tmp_path, ()) + limit // 4 <= limit
    assert vizframe.store.open(tmp_path).series_steps(CONV)[-1] == 29


def test_a_limit_that_cannot_be_kept_is_come_near(tmp_path: Path) -> None:
    record_run(tmp_path, 40, Retention(max_bytes=1))
    assert kept(tmp_path) == [0, 39]


def record_large(run: Path, steps: range, limit: int) -> None:
    """Steps of 64 KiB, told apart by their values, into a run of at most so many bytes."""
    wide = declare(CONV, ("unit", "y", "x"), (16, 64, 64))
    kept = Retention(max_bytes=limit)
    merging = MergePlan(grace=0)
    with vizframe.store.create(run, INFO, merging=merging, retention=kept) as store:
        for step in steps:
            picture = np.full((16, 64, 64), step, np.float32)
            store.commit(StepRecord(step, [(wide, Frame("conv0", picture))]))


def show_scene(run: Path) -> list[int]:
    """The steps that have a frame, each with its own values."""
    history = vizframe.store.open(run)
    assert not history.faults()
    steps = list(history.series_steps(CONV))
    assert [history.tiles(CONV, step).low[0] for step in steps] == steps
    return steps


def test_a_limit_holds_before_there_is_anything_to_merge(tmp_path: Path) -> None:
    limit = 20 * 65_536
    record_large(tmp_path, range(50), limit)
    assert folder_bytes(tmp_path, ()) <= limit
    steps = show_scene(tmp_path)
    assert (steps[0], steps[-1]) == (0, 49)
    assert len(steps) >= 10
    assert np.diff(steps).max() <= 8


def test_a_limit_of_a_few_steps_keeps_the_first_and_the_newest(tmp_path: Path) -> None:
    limit = 3 * 66_000
    record_large(tmp_path, range(30), limit)
    assert folder_bytes(tmp_path, ()) <= limit
    steps = show_scene(tmp_path)
    assert (steps[0], steps[-1]) == (0, 29)


def test_a_resumed_run_thins_what_older_sessions_left(tmp_path: Path) -> None:
    record_large(tmp_path, range(40), 10**9)
    limit = 20 * 65_536
    record_large(tmp_path, range(40, 44), limit)
    assert folder_bytes(tmp_path, ()) <= limit
    steps = show_scene(tmp_path)
    assert {0, 40, 43} <= set(steps)
    assert len(steps) >= 10
    assert np.diff(steps).max() <= 8


def test_another_writers_steps_are_not_thinned(tmp_path: Path) -> None:
    with vizframe.store.create(tmp_path, INFO, writer="other") as store:
        for step in range(100, 120):
            store.commit(record(step))
    record_run(tmp_path, 12, Retention(max_bytes=1))
    steps = list(vizframe.store.open(tmp_path).series_steps(CONV))
    assert steps == [0, 11, *range(100, 120)]


@pytest.mark.parametrize(
    ("keep", "policy"),
    [
        ("all", Retention()),
        (5, Retention(every=5)),
        (" 5 ", Retention(every=5)),
        ("log", Retention(per_decade=10)),
        ("LOG: 20", Retention(per_decade=20)),
    ],
)
def test_a_policy_is_asked_for_in_a_word(keep: int | str, policy: Retention) -> None:
    assert Retention.of(keep) == policy
    assert Retention.of(keep, 10).max_bytes == 10


@pytest.mark.parametrize("keep", ["", "some", 0, -1, "5 steps", "log:", "log:0", "1.5"])
def test_a_policy_that_is_no_word_is_a_sentence(keep: int | str) -> None:
    with pytest.raises(UsageError, match=r"keep is .*; it can be 'all', a number such as 5"):
        Retention.of(keep)


@pytest.mark.parametrize("wrong", [{"every": 0}, {"per_decade": -1}, {"max_bytes": 0}])
def test_a_policy_that_makes_no_sense_is_refused(wrong: dict[str, int]) -> None:
    (name,) = wrong
    with pytest.raises(UsageError, match=f"{name} is {wrong[name]}; it can be 1 or more"):
        Retention(**wrong)


def test_a_limit_holds_while_steps_come_as_fast_as_they_can(tmp_path: Path) -> None:
    """What replaced segments take until they are removed counts, and a full run is waited for."""
    limit, peak = 200_000, 0
    with vizframe.store.create(tmp_path, INFO, retention=Retention(max_bytes=limit)) as store:
        for step in range(150):
            store.commit(record(step))
            peak = max(peak, folder_bytes(tmp_path, frozenset()))
    assert peak < 1.6 * limit
    history = vizframe.store.open(tmp_path)
    assert list(history.steps) == list(range(150))
    assert not history.faults()
