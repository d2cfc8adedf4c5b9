"""A module that draws, counts, prints and warns for itself does not know that it was asked."""

from __future__ import annotations

import random
import warnings
from typing import Any

import numpy as np
import pytest
import torch

from vizframe.network import Objective
from vizframe.torch.view import view

calls: list[int] = []
IMAGES = np.random.default_rng(0).random((3, 1, 6, 6)).astype(np.float32)


class Meter:
    def __init__(self) -> None:
        self.count = 0


class Net(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.out = torch.nn.Conv2d(1, 2, 3), torch.nn.Linear(32, 3)
        self.noise, self.coin = torch.Generator().manual_seed(3), random.Random(4)
        self.meter = Meter()

    def forward(self, x: Any) -> Any:
        calls.append(len(x))
        self.meter.count += 1
        print("forward", x.shape)
        warnings.warn("slow", UserWarning, stacklevel=1)
        x = x + torch.rand(1, generator=self.noise) * self.coin.random()
        return self.out(torch.relu(self.conv(x)).flatten(1))

    def state(self) -> list[object]:
        return [
            list(calls),
            self.meter.count,
            self.noise.get_state().tolist(),
            self.coin.getstate(),
        ]


def test_asking_leaves_no_trace(capsys: pytest.CaptureFixture[str]) -> None:
    net = Net()
    before = net.state()
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("always")
        network = view(net, IMAGES.shape[1:])
        network.activations(IMAGES, ["conv"])
        network.gradient(IMAGES, Objective.of("out", [0, 1, 2]))
    assert net.state() == before
    assert not shown
    assert capsys.readouterr().out == ""
