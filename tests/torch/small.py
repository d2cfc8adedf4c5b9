"""A small net, its data, and what a training of it leaves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.fx
from torch import nn

functional = nn.functional


Left = dict[str, Any]


Training = Callable[[], Left]


def data(count: int = 24, classes: int = 3) -> tuple[Any, Any]:
    draw = torch.Generator().manual_seed(1)
    images = torch.rand(count, 1, 8, 8, generator=draw)
    return images, torch.randint(0, classes, (count,), generator=draw)


def small_net(classes: int = 3) -> Any:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1),
        nn.BatchNorm2d(4),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(2),
        nn.Dropout(0.3),
        nn.Flatten(),
        nn.Linear(64, classes),
    )


def left_by(nets: list[Any], optimizers: list[Any], told: list[Any]) -> Left:
    states = [each.state_dict() for each in (*nets, *optimizers)]
    return {"states": states, "told": told, "random": torch.rand(3)}
