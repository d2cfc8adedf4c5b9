"""A script of a training, alone and recorded."""

from __future__ import annotations

import textwrap
from pathlib import Path

from vizframe.history import History
from vizframe.store import open as open_history

RECORD = ["-m", "vizframe", "record", "--every", "5", "--run", "runs/x", "--budget", "none"]


QUICK = [*RECORD, "--plugins", "weights"]


SCRIPT = """
    import builtins, sys, time
    import numpy as np
    for name in ("bool", "int", "float", "object", "str", "complex"):
        if name not in vars(np):
            setattr(np, name, getattr(builtins, name))
    import mxnet as mx
    from mxnet import autograd, gluon

    mx.random.seed(3)
    np.random.seed(3)

    def make():
        net = gluon.nn.HybridSequential()
        net.add(
            gluon.nn.Conv2D(4, 3, activation="relu"),
            gluon.nn.BatchNorm(),
            gluon.nn.Dropout(0.5),
            gluon.nn.Dense(3),
        )
        return net

    def main(steps):
        net = make()
        net.initialize(mx.init.Xavier())
        net.hybridize()
        trainer = gluon.Trainer(net.collect_params(), "adam", {"learning_rate": 0.01})
        loss_of = gluon.loss.SoftmaxCrossEntropyLoss()
        for step in range(steps):
            x = mx.nd.array(np.random.rand(20, 1, 8, 8))
            y = mx.nd.array(np.random.randint(0, 3, 20))
            with autograd.record():
                loss = loss_of(net(x), y)
            loss.backward()
            trainer.step(20)
            after(step)
        print(f"{float(loss.mean().asscalar()):.9f}", sys.argv, __name__)
        net.save_parameters(sys.argv[1])

    def after(step):
        pass
    """


END = "\nmain(12)\n"


def write_file(folder: Path, *, changes: str = "", end: str = END, name: str = "train.py") -> Path:
    script = textwrap.dedent(SCRIPT) + textwrap.dedent(changes) + end
    (folder / name).write_text(script)
    return folder


def record_run(folder: Path) -> History:
    return open_history(folder / "runs" / "x")


def steps_of(folder: Path) -> list[int]:
    history = record_run(folder)
    try:
        assert history.faults() == []
        return list(history.steps)
    finally:
        history.close()
