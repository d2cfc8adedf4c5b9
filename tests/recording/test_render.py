"""Pictures made later, or by many processes, are those that are made inline, bit for bit."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vizframe.errors import HistoryError, NetworkError, UsageError
from vizframe.gluon.compat import mx
from vizframe.history import Scalars
from vizframe.history.memory import MemoryRun
from vizframe.network.frozen import Frozen
from vizframe.plugin import Progress
from vizframe.plugins.weights import Weights
from vizframe.recording.cluster import Cluster, run_tasks
from vizframe.recording.config import Config
from vizframe.recording.recorder import Recorder
from vizframe.recording.render import Rendering, deferred
from vizframe.recording.snapshots import Snapshots
from vizframe.recording.sources import SnapshotSource
from vizframe.recording.tasks import RenderPlan, Task, coarse_to_fine
from vizframe.store import open as open_history
from vizframe.store import remove
from vizframe.store.read.writers import commits_by_writer

nn = mx.gluon.nn

SHAPE = (1, 10, 10)
STEPS = 7

ASKED = Config(
    plugins=("activation", "weights", "saliency", "gradient_ascent"),
    set={"gradient_ascent": {"iterations": 3}},
)


@contextmanager
def no_bar(_what: str) -> Iterator[Progress]:
    yield lambda _done, _total, _now: None


def train(run: Path, *, defer: bool) -> None:
    """Six updates of a net with statistics of its own, every second one recorded."""
    mx.random.seed(5)
    draw = np.random.default_rng(1)
    net = nn.HybridSequential()
    net.add(nn.Conv2D(4, 3, activation="relu"), nn.BatchNorm(), nn.MaxPool2D())
    net.add(nn.Conv2D(3, 3), nn.Dropout(0.5), nn.Dense(3))
    net.initialize(mx.init.Xavier())
    net(mx.nd.zeros((1, *SHAPE)))
    trainer = mx.gluon.Trainer(net.collect_params(), "adam", {"learning_rate": 0.02})
    probe = draw.standard_normal((4, *SHAPE)).astype(np.float32)
    with Recorder(net, run, ASKED, every=2, probe=probe, defer=defer) as recorder:
        for _ in range(STEPS - 1):
            with mx.autograd.record():
                loss = (net(mx.nd.array(draw.standard_normal((5, *SHAPE)))) ** 2).mean()
            loss.backward()
            trainer.step(1)
            recorder.step(loss=loss)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the same training recorded ``inline`` and ``deferred``. Not to be changed."""
    folder = tmp_path_factory.mktemp("kept")
    train(folder / "inline", defer=False)
    train(folder / "deferred", defer=True)
    return folder


@pytest.fixture
def later(kept: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(kept / "deferred", tmp_path / "later"))


def assert_same_pictures(one: Path, other: Path) -> None:
    wanted, found = open_history(one), open_history(other)
    assert found.faults() == []
    assert [*found.failures()] == [*wanted.failures()] == []
    assert set(found.declarations) == set(wanted.declarations)
    for key in wanted.declarations:
        assert found.series_steps(key) == wanted.series_steps(key) == [0, 2, 4, 6]
        for step in wanted.series_steps(key):
            np.testing.assert_array_equal(
                found.tiles(key, step).stored, wanted.tiles(key, step).stored, err_msg=str(key)
            )
            here, there = found.columns(key, step), wanted.columns(key, step)
            assert here.keys() == there.keys()
            for name, values in there.items():
                np.testing.assert_array_equal(here[name], values, err_msg=f"{key} {name}")
    assert_same_curves(wanted.scalars(), found.scalars())


def assert_same_curves(wanted: Scalars, found: Scalars) -> None:
    for name, values in wanted.values.items():
        if not name.startswith(("recorder/", "gradient_norm/")):
            np.testing.assert_array_equal(found.values[name], values, err_msg=name)


def test_pictures_made_later_are_those_made_inline(kept: Path, later: Path) -> None:
    before = {each.name for each in later.iterdir()}
    [rendering] = deferred(later)
    assert rendering.here(no_bar) == 4
    assert_same_pictures(kept / "inline", later)
    assert {each.name for each in later.iterdir()} > before
    assert rendering.here(no_bar) == 0


def test_a_rendering_that_was_interrupted_goes_on(kept: Path, later: Path) -> None:
    [rendering] = deferred(later)
    first = Rendering(later, SnapshotSource(str(later), (0, 2)), ASKED)
    assert first.here(no_bar) == 2
    assert rendering.here(no_bar) == 2
    assert_same_pictures(kept / "inline", later)


def test_snapshots_that_come_later_are_followed(kept: Path, later: Path) -> None:
    snapshots = Snapshots(later).folder
    held = shutil.move(snapshots / "000000000006.npz", later.parent / "held.npz")
    [rendering] = deferred(later)
    looks: list[int] = []

    def more() -> list[int]:
        looks.append(len(looks))
        if len(looks) == 1:
            shutil.move(held, snapshots / "000000000006.npz")
        if len(looks) > 1:
            raise KeyboardInterrupt
        return [*rendering.kept_steps()]

    with pytest.raises(KeyboardInterrupt):
        rendering.here(no_bar, more)
    assert_same_pictures(kept / "inline", later)


def test_tasks_in_any_order_make_the_pictures_of_one_process(kept: Path, later: Path) -> None:
    [rendering] = deferred(later)
    plan = rendering.plan
    tasks = [*plan.tasks(open_layers(rendering), rendering.source.steps)]
    assert sum(task.label == "weights" for task in tasks) == 1  # it looks back: one long task
    assert next(task.steps for task in tasks if task.label == "weights") == (0, 2, 4, 6)
    ascents = [task for task in tasks if task.label == "gradient_ascent"]
    assert [task.steps for task in ascents[::3]] == [(0,), (6,), (2,), (4,)]
    for task in reversed(tasks):
        plan.render(task)
    plan.render(tasks[3])  # twice, as a cluster does that lost a worker too late
    assert plan.undone(tasks) == []
    assert_same_pictures(kept / "inline", later)


@pytest.mark.slow
def test_a_cluster_that_loses_a_worker_makes_the_same_pictures(kept: Path, later: Path) -> None:
    [rendering] = deferred(later)
    plan = rendering.plan
    tasks = plan.undone(plan.tasks(open_layers(rendering), rendering.source.steps))
    killed: list[int] = []
    with Cluster(local=2).client() as client:

        def report(done: int, _total: int, _now: str) -> None:
            if done == 5:
                pids = client.run(os.getpid)
                killed.append(next(iter(pids.values())))
                os.kill(killed[-1], signal.SIGKILL)

        assert run_tasks(client, RenderPlan.render, plan, tasks, report) == len(tasks)
    assert len(killed) == 1
    assert plan.undone(tasks) == []
    assert_same_pictures(kept / "inline", later)


def open_layers(rendering: Rendering) -> Any:
    """Those that a recording has by default: with kernels."""
    probe = open_history(rendering.run).probe
    assert probe is not None
    from vizframe.network.layer import select

    return select(rendering.source.open(probe, None, None).network.layers, ())


def test_the_order_is_from_coarse_to_fine() -> None:
    assert coarse_to_fine([]) == []
    assert coarse_to_fine([7]) == [7]
    assert coarse_to_fine([3, 1]) == [1, 3]
    assert coarse_to_fine(range(9)) == [0, 8, 4, 2, 6, 1, 3, 5, 7]
    assert sorted(coarse_to_fine(range(100))) == [*range(100)]


def test_a_task_is_another_one_with_other_parameters_or_in_another_run(later: Path) -> None:
    [rendering] = deferred(later)
    task = Task((0,), "gradient_ascent", ("0",))
    plan = rendering.plan
    other = Rendering(
        later, rendering.source, ASKED.model_copy(update={"set": {"gradient_ascent": {}}})
    )
    assert plan.writer(task) == rendering.plan.writer(task)
    assert plan.writer(task) != other.plan.writer(task)
    assert plan.writer(task) != plan.writer(Task((2,), "gradient_ascent", ("0",)))


def test_commits_are_counted_by_writer(kept: Path) -> None:
    assert commits_by_writer(kept / "inline") == {"main": 4}


@pytest.mark.parametrize("text", ["", "local", "local:0", "local:x", "tcp", "local:9999"])
def test_a_cluster_that_cannot_be_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="it can be a scheduler's address"):
        Cluster.of(text)


def test_a_cluster_is_an_address_or_processes_here() -> None:
    assert Cluster.of("local:4") == Cluster(local=4)
    assert Cluster.of("tcp://host:8786") == Cluster("tcp://host:8786")


def test_a_run_is_removed_with_its_snapshots(later: Path) -> None:
    stranger = Snapshots(later).folder / "mine.txt"
    stranger.touch()
    remove(later, force=True)
    assert [*later.rglob("*")] == [stranger.parent, stranger]
    stranger.unlink()


def test_what_no_file_can_name_cannot_be_deferred(tmp_path: Path) -> None:
    net = nn.Dense(2)
    with pytest.raises(UsageError, match="for a later rendering it can have names"):
        Recorder(net, tmp_path / "x", plugins=[Weights], defer=True)
    with pytest.raises(UsageError, match="run can be a path"):
        Recorder(net, lambda info, probe: MemoryRun(info, probe).writer(), defer=True)


def test_a_run_without_snapshots_says_how_they_are_kept(kept: Path) -> None:
    with pytest.raises(UsageError, match="no snapshots; they are kept by: vizframe record --defer"):
        deferred(kept / "inline")


def test_a_damaged_snapshot_is_named(later: Path) -> None:
    path = Snapshots(later).folder / "000000000004.npz"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(HistoryError, match=r"snapshot .*000000000004\.npz cannot be read"):
        Snapshots(later).load(4)


def test_a_snapshot_runs_no_code_of_who_wrote_it(later: Path) -> None:
    path = Snapshots(later).folder / "000000000004.npz"
    np.savez(path, weight=np.array([print], dtype=object))
    with pytest.raises(HistoryError, match="cannot be read"):
        Snapshots(later).load(4)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": 9}', '{"version": 1, "nodes": 3}'])
def test_a_description_of_something_else_is_refused(text: str) -> None:
    from vizframe.gluon import adapter
    from vizframe.network.call import Call

    with pytest.raises(NetworkError, match="damaged or foreign"):
        adapter.thaw(Frozen(text, {}), SHAPE, call=Call())
