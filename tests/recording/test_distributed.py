"""A distributed training on the real thing: scheduler, server and workers, each a process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from vizframe.history import History
from vizframe.history.ranks import (
    differing_steps,
    drift,
    missing_ranks,
    ranks_of,
    scalars_of,
    weights_apart,
)
from vizframe.recording.launch import Launch
from vizframe.store import open as open_history

SCRIPT = """
import os, sys
import vizframe  # makes mxnet importable
import mxnet as mx
import numpy as np
from mxnet import autograd, gluon, nd

kind, out, death = sys.argv[1:4]
mx.random.seed(7)
store = mx.kv.create(kind)
net = gluon.nn.HybridSequential()
net.add(gluon.nn.Conv2D(8, 3, activation="relu"), gluon.nn.Dense(5))
net.initialize(mx.init.Xavier())
draw = np.random.RandomState(100 + store.rank)
trainer = gluon.Trainer(
    net.collect_params(), "sgd", {"learning_rate": 0.05}, kvstore=store,
    # Without this, plain trainings of MXNet's own end differently from one another, too.
    update_on_kvstore=True,
)
loss_of = gluon.loss.SoftmaxCrossEntropyLoss()
for step in range(12):
    if store.rank == 1 and step == int(death):
        os.kill(os.getpid(), 9)
    x, y = nd.array(draw.rand(8, 1, 8, 8)), nd.array(draw.randint(0, 5, 8))
    with autograd.record():
        loss = loss_of(net(x), y)
    loss.backward()
    trainer.step(8 * store.num_workers)
net.save_parameters(f"{out}-{store.rank}.params")
if int(death) > 0:
    sys.stdout.flush()
    os._exit(0)  # MXNet itself waits for ever for the dead at its end
"""


def trained(
    folder: Path,
    workers: int,
    kind: str,
    *words: str,
    options: tuple[str, ...] = (),
    death: int = -1,
) -> int:
    """Runs the script, recorded where there are options. Returns the exit code."""
    (folder / "train.py").write_text(SCRIPT)
    script = ["train.py", kind, "recorded" if options else "plain", str(death)]
    start = [
        sys.executable,
        "-m",
        "vizframe",
        "record",
        "--launch",
        str(workers),
        "--run",
        "runs/x",
    ]
    every = ["--strict", "--every", "4", "--plugins", "weights,activation"]
    command = [*start, *every, *options, "--", *script]
    if options:
        return subprocess.run(command, cwd=folder, timeout=240).returncode
    code = f"import os; os.chdir({str(folder)!r}); import runpy, sys; sys.argv = {script!r}; "
    code += "runpy.run_path('train.py', run_name='__main__')"
    return Launch(workers).run([sys.executable, "-c", code])


def recorded(folder: Path) -> History:
    return open_history(folder / "runs" / "x")


def steps_of(history: History, rank: int) -> list[int]:
    keys = [key for key in history.declarations if key.rank == rank and key.label == "activation"]
    assert keys
    return sorted({step for key in keys for step in history.series_steps(key)})


@pytest.mark.slow
def test_workers_share_one_run_and_end_with_the_weights_of_a_plain_training(
    tmp_path: Path,
) -> None:
    assert trained(tmp_path, 2, "dist_sync") == 0
    assert trained(tmp_path, 2, "dist_sync", options=("--ranks", "all")) == 0
    plain = (tmp_path / "plain-0.params").read_bytes()
    for name in ("plain-1", "recorded-0", "recorded-1"):
        assert (tmp_path / f"{name}.params").read_bytes() == plain
    history = recorded(tmp_path)
    assert [each.name for each in (tmp_path / "runs").iterdir()] == ["x"]
    assert history.faults() == []
    assert history.failures() == []
    assert ranks_of(history) == [0, 1]
    assert [steps_of(history, rank) for rank in (0, 1)] == [[0, 4, 8, 12]] * 2
    assert differing_steps(history) == {}
    both = [scalars_of(history, rank).values for rank in (0, 1)]
    of_one = {"recorder/seconds/kept_weights"}  # the newest weights are kept by rank 0
    assert both[0].keys() - of_one == both[1].keys()
    assert "updates/ratio" in both[1]  # each is watched
    (apart,) = drift(history.scalars()).values()
    assert apart[1:].tolist() == [0.0] * 3  # at step 0 nobody has met anybody
    assert weights_apart(history) is None
    assert {"loss", "throughput", "exchange_seconds", "update_cosine"} <= both[0].keys()
    assert not np.allclose(both[0]["loss"][1:], both[1]["loss"][1:])
    assert np.nanmin(both[0]["update_cosine"]) > 0  # the workers' mean follows each of them
    gradient = both[0]["gradient_norm/1"]  # at step 0 alone: later they are buffers
    assert np.isfinite(gradient).tolist() == [True, False, False, False]


@pytest.mark.slow
def test_of_three_asynchronous_workers_those_record_that_were_chosen(tmp_path: Path) -> None:
    assert trained(tmp_path, 3, "dist_async", options=("--ranks", "1,2")) == 0
    history = recorded(tmp_path)
    assert ranks_of(history) == [1, 2]
    assert [steps_of(history, rank) for rank in (1, 2)] == [[0, 4, 8, 12]] * 2
    assert history.faults() == []
    assert differing_steps(history)  # asynchronous workers' weights differ
    assert max(np.nanmax(far) for far in drift(history.scalars()).values()) > 0
    assert weights_apart(history) is None  # as they may


@pytest.mark.slow
def test_a_worker_that_is_killed_leaves_its_steps_and_the_others_training(tmp_path: Path) -> None:
    assert trained(tmp_path, 2, "dist_async", options=("--ranks", "all"), death=6) == 128 + 9
    history = recorded(tmp_path)
    assert steps_of(history, 0) == [0, 4, 8, 12]
    assert steps_of(history, 1) == [0, 4]
    assert missing_ranks(history, behind=2) == {1: 4}
    assert history.faults() == []
    assert (tmp_path / "recorded-0.params").exists()
