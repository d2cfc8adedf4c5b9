"""What watching a training's health costs, beside the training alone, net by net.

    python -m benchmarks.diagnosis_cost [--turns 12] [--cpu] [--only lenet] [--spent]

Steps without and with vitals are made in turn on twins of one net, so that a busy machine is busy
to both. The share is of the training alone. What vitals count themselves is printed beside it.
``--cpu`` compares seconds of the processor, which other programs disturb less; ``--spent`` what it
costs once the credit of the first minutes is spent.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from benchmarks.command import command_line
from benchmarks.side_by_side import claim
from vizframe.gluon.compat import mx
from vizframe.history.memory import MemoryRun
from vizframe.recording.recorder import Recorder

BLOCK = 10
"""Steps in a turn: one of the default rhythm, so that each has one reading."""


def lenet() -> tuple[Any, tuple[int, ...], int]:
    """The demo's kind of net: 431 thousand parameters, batches of 64."""
    nn = mx.gluon.nn
    net = nn.HybridSequential()
    net.add(
        nn.Conv2D(20, 5, activation="relu"),
        nn.MaxPool2D(2),
        nn.Conv2D(50, 5, activation="relu"),
        nn.MaxPool2D(2),
        nn.Dense(500, activation="relu"),
        nn.Dense(10),
    )
    return net, (1, 28, 28), 64


def resnet18() -> tuple[Any, tuple[int, ...], int]:
    """11 million parameters, batches of 8 images of 64 × 64."""
    from mxnet.gluon.model_zoo.vision import resnet18_v1

    return resnet18_v1(classes=10), (3, 64, 64), 8


NETS = {"lenet": ("LeNet", lenet), "resnet18": ("ResNet-18", resnet18)}

Clock = Callable[[], float]
"""Gives seconds."""


class Training:
    """One net that learns random labels."""

    def __init__(self, make: Callable[[], tuple[Any, tuple[int, ...], int]], vitals: int) -> None:
        mx.random.seed(0)
        self.net, shape, size = make()
        self.net.initialize(mx.init.Xavier())
        self.net.hybridize()
        draw = np.random.default_rng(0)
        self.images = mx.nd.array(draw.normal(size=(size, *shape)).astype(np.float32))
        self.labels = mx.nd.array(draw.integers(0, 10, size).astype(np.float32))
        self.loss = mx.gluon.loss.SoftmaxCrossEntropyLoss()
        self.net(self.images)
        self.trainer = mx.gluon.Trainer(self.net.collect_params(), "sgd", {"learning_rate": 0.01})
        run = MemoryRun()
        self.recorder = Recorder(
            self.net,
            lambda _info, _probe: run.writer(),
            every=10**9,
            plugins=["weights"],
            probe=self.images.asnumpy(),
            vitals=vitals,
        )

    def block(self, clock: Clock) -> float:
        """Seconds of so many steps."""
        started = clock()
        for _ in range(BLOCK):
            with mx.autograd.record():
                loss = self.loss(self.net(self.images), self.labels)
            loss.backward()
            self.trainer.step(len(self.images))
            self.recorder.step(loss=loss)
            loss.asnumpy()  # as most scripts do, to print it
        mx.nd.waitall()
        return clock() - started


@contextmanager
def twins(make: Callable[[], tuple[Any, tuple[int, ...], int]]) -> Iterator[list[Training]]:
    both = [Training(make, 0), Training(make, 10)]
    try:
        yield both
    finally:
        for each in both:
            each.recorder.close()


def measure(
    name: str,
    make: Callable[[], tuple[Any, tuple[int, ...], int]],
    turns: int,
    clock: Clock,
    spent: bool,
) -> None:
    with twins(make) as (alone, watched):
        for _ in range(2):  # the first readings come at once, at steps 1, 2, 3 and 5
            alone.block(clock)
            watched.block(clock)
        health = watched.recorder._health
        assert health is not None
        if spent:
            vitals = health.vitals
            for allowance in (vitals._pulses, vitals._readings, vitals._looks):
                allowance._credit = allowance.spent
        before = health.vitals.seconds
        pairs = []
        for turn in range(turns):
            pair = [0.0, 0.0]
            for which in (0, 1) if turn % 2 else (1, 0):
                pair[which] = (alone, watched)[which].block(clock)
            pairs.append(pair)
        own = health.vitals.seconds - before
    steps = 1000 * statistics.median(pair[0] for pair in pairs) / BLOCK
    more = statistics.median(pair[1] / pair[0] - 1 for pair in pairs)
    own /= sum(pair[0] for pair in pairs)
    print(f"{name}: a step takes {steps:.0f} ms")
    claim(f"{name}: more time with vitals, median of {turns} turns", 100 * more, "≤ 2", "%")
    claim(f"{name}: what vitals count of themselves", 100 * own, "≤ 2", "%")


def main() -> None:
    parser = command_line(__doc__, clock=True)
    parser.add_argument("--turns", type=int, default=12)
    parser.add_argument("--spent", action="store_true")
    parser.add_argument("--only", choices=NETS)
    given = parser.parse_args()
    for name in [given.only] if given.only else NETS:
        title, make = NETS[name]
        clock = time.process_time if given.cpu else time.perf_counter
        measure(title, make, given.turns, clock, given.spent)


if __name__ == "__main__":
    main()
