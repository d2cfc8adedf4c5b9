"""Workers of a real distributed training, killed at random moments: what they committed stays.

    python -m benchmarks.kill_workers [LAUNCHES]      some 15 s each

Each launch has a scheduler, a server and three asynchronous workers, all recorded; two of them are
killed, each at a moment of its own. Every worker says on a file of its own which steps it has
committed. Claims: of these none is missing afterwards, and the third worker trains to its end.
"""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.command import command_line
from vizframe.history.ranks import scalars_of
from vizframe.store import open as open_history

SCRIPT = """
import os, random, signal, sys, threading
import vizframe
import mxnet as mx
import numpy as np
from mxnet import autograd, gluon, nd
from vizframe.store.write import writer

commit = writer.StoreWriter.commit
def told(self, record):
    commit(self, record)
    with open(f"committed-{store.rank}", "a") as file:
        file.write(f"{record.step}\\n")
writer.StoreWriter.commit = told

store = mx.kv.create("dist_async")
net = gluon.nn.HybridSequential()
net.add(gluon.nn.Conv2D(8, 3, activation="relu"), gluon.nn.Dense(5))
net.initialize(mx.init.Xavier())
trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.01}, kvstore=store)
loss_of = gluon.loss.SoftmaxCrossEntropyLoss()
seconds = random.Random(f"{sys.argv[1]} {store.rank}").uniform(0.0, 2.5)
for step in range(400 if store.rank == 0 else 100000):
    x, y = nd.array(np.random.rand(8, 1, 8, 8)), nd.array(np.random.randint(0, 5, 8))
    with autograd.record():
        loss = loss_of(net(x), y)
    loss.backward()
    trainer.step(8)
    if store.rank and not step:  # before it, MXNet's own first barrier waits for the dead for ever
        threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGKILL)).start()
open("finished", "w").close()
os._exit(0)  # MXNet itself waits for ever for the dead at its end
"""


def launch(number: int, folder: Path) -> tuple[int, int]:
    """How many steps the killed workers had committed, and how many of all are missing."""
    (folder / "train.py").write_text(SCRIPT)
    command = [sys.executable, "-m", "vizframe", "record", "--launch", "3", "--ranks", "all"]
    command += ["--every", "2", "--plugins", "weights", "--run", "x", "--"]
    subprocess.run([*command, "train.py", str(number)], cwd=folder, timeout=400, check=False)
    assert (folder / "finished").exists(), "the worker that lived did not end its training"
    history = open_history(folder / "x")
    assert not history.faults(), history.faults()
    killed = missing = 0
    for rank in range(3):
        told = folder / f"committed-{rank}"
        steps = {int(line) for line in told.read_text().split()} if told.exists() else set()
        killed += len(steps) if rank else 0
        missing += len(steps - set(scalars_of(history, rank).steps.tolist()))
    return killed, missing


def main() -> None:
    words = command_line(__doc__)
    words.add_argument("launches", nargs="?", type=int, default=25, metavar="LAUNCHES")
    given = words.parse_args()
    launches = given.launches
    killed = missing = 0
    for number in range(launches):
        with tempfile.TemporaryDirectory() as folder:
            found = launch(number + random.randrange(10**6), Path(folder))
        killed, missing = killed + found[0], missing + found[1]
        print(f"{2 * (number + 1)} kills: {killed} steps of theirs, {missing} missing", flush=True)


if __name__ == "__main__":
    main()
