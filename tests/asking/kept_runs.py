"""Runs of both frameworks that keep their weights, recorded in a moment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from vizframe.network.probe import Probe
from vizframe.recording.recorder import Recorder

SHAPE = (1, 12, 12)
CLASSES = ("square", "cross", "ring")
_DRAW = np.random.default_rng(0)
PROBE = Probe(_DRAW.random((6, *SHAPE)).astype(np.float32), np.array([0, 1, 2, 0, 1, 2]))
BATCH = _DRAW.random((8, *SHAPE)).astype(np.float32)


class TorchTraining:
    """A few updates of a small net of PyTorch."""

    conv, dense = "conv", "end"

    def __init__(self) -> None:
        import torch
        from torch import nn

        torch.manual_seed(1)
        parts = {"conv": nn.Conv2d(1, 4, 3), "relu": nn.ReLU(), "flat": nn.Flatten()}
        self.net = nn.Sequential()
        for name, each in {**parts, "end": nn.Linear(400, 3)}.items():
            self.net.add_module(name, each)
        self._optimiser = torch.optim.SGD(self.net.parameters(), lr=0.5)
        self._batch = torch.from_numpy(BATCH)

    def update(self) -> None:
        self._optimiser.zero_grad()
        (self.net(self._batch) ** 2).mean().backward()
        self._optimiser.step()

    def scores(self) -> Any:
        import torch

        with torch.no_grad():
            return self.net(torch.tensor(PROBE.images)).numpy()


class GluonTraining:
    """The same of MXNet."""

    conv, dense = "conv", "end"

    def __init__(self) -> None:
        from vizframe.gluon.compat import mx

        self._mx = mx
        mx.random.seed(1)
        nn = mx.gluon.nn

        class Net(nn.HybridBlock):  # type: ignore[misc, name-defined]  # MXNet has no types
            def __init__(self) -> None:
                super().__init__()
                self.conv, self.end = nn.Conv2D(4, 3, activation="relu"), nn.Dense(3)

            def hybrid_forward(self, F: Any, x: Any) -> Any:
                return self.end(self.conv(x))

        self.net = Net()
        self.net.initialize(mx.init.Xavier())
        self.net(mx.nd.array(BATCH))
        self._trainer = mx.gluon.Trainer(self.net.collect_params(), "sgd", {"learning_rate": 0.5})

    def update(self) -> None:
        with self._mx.autograd.record():
            loss = (self.net(self._mx.nd.array(BATCH)) ** 2).mean()
        loss.backward()
        self._trainer.step(1)

    def scores(self) -> Any:
        return self.net(self._mx.nd.array(PROBE.images)).asnumpy()


TRAININGS: Mapping[str, Callable[[], Any]] = {"torch": TorchTraining, "gluon": GluonTraining}


def recorder(training: Any, run: Path, **options: Any) -> Recorder:
    given = {"every": 2, "plugins": ["weights"], "vitals": 0, **options}
    return Recorder(training.net, run, probe=PROBE, class_names=CLASSES, **given)


def record(training: Any, run: Path, updates: int = 4, **options: Any) -> Any:
    """Record so many updates; the training, as it is then."""
    with recorder(training, run, **options) as found:
        for _ in range(updates):
            training.update()
            found.step()
    return training
