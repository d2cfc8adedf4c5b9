"""One residual net with BatchNorm, in MXNet and in PyTorch, with the same weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from vizframe.gluon.compat import mx
from vizframe.network import FloatArray

SHAPE = (3, 32, 32)
IMAGES: FloatArray = (
    np.random.default_rng(5).standard_normal((16, *SHAPE)).clip(-4, 4).astype(np.float32)
)
CHANNELS, CLASSES = 8, 6

tnn = torch.nn
gnn = mx.gluon.nn


class GluonBlock(mx.gluon.HybridBlock):
    def __init__(self) -> None:
        super().__init__()
        with self.name_scope():
            self.one, self.norm1 = (
                gnn.Conv2D(CHANNELS, 3, padding=1, use_bias=False),
                gnn.BatchNorm(),
            )
            self.two, self.norm2 = gnn.Conv2D(CHANNELS, 3, padding=1), gnn.BatchNorm()

    def hybrid_forward(self, F: Any, given: Any) -> Any:
        inner = F.relu(self.norm1(self.one(given)))
        return F.relu(given + self.norm2(self.two(inner)))


class TorchBlock(torch.nn.Module):
    """zennit's Sum stands where the skip is added, as its canonizers would put it."""

    def __init__(self, add: Any = None) -> None:
        super().__init__()
        self.one = tnn.Conv2d(CHANNELS, CHANNELS, 3, padding=1, bias=False)
        self.norm1, self.relu1 = tnn.BatchNorm2d(CHANNELS), tnn.ReLU()
        self.two = tnn.Conv2d(CHANNELS, CHANNELS, 3, padding=1)
        self.norm2, self.relu2 = tnn.BatchNorm2d(CHANNELS), tnn.ReLU()
        self.add = None if add is None else add()

    def forward(self, given: Any) -> Any:
        inner = self.norm2(self.two(self.relu1(self.norm1(self.one(given)))))
        both = given + inner if self.add is None else self.add(torch.stack([given, inner], -1))
        return self.relu2(both)


def gluon_net() -> Any:
    net = gnn.HybridSequential()
    net.add(gnn.Conv2D(CHANNELS, 3, padding=1), gnn.BatchNorm(), gnn.Activation("relu"))
    net.add(gnn.MaxPool2D(2), GluonBlock(), GluonBlock(), gnn.AvgPool2D(2), gnn.Flatten())
    net.add(gnn.Dense(16, activation="relu"), gnn.Dense(CLASSES))
    net.initialize()
    net(mx.nd.zeros((1, *SHAPE)))
    for parameter, values in zip(net.collect_params().values(), _values(), strict=True):
        parameter.set_data(mx.nd.array(values))
    return net


def torch_net(add: Any = None) -> Any:
    net = tnn.Sequential(
        tnn.Conv2d(3, CHANNELS, 3, padding=1), tnn.BatchNorm2d(CHANNELS), tnn.ReLU(),
        tnn.MaxPool2d(2), TorchBlock(add), TorchBlock(add), tnn.AvgPool2d(2), tnn.Flatten(),
        tnn.Linear(CHANNELS * 64, 16), tnn.ReLU(), tnn.Linear(16, CLASSES),
    ).eval()  # fmt: skip
    values = iter(_values())
    with torch.no_grad():
        for module in net.modules():
            if isinstance(module, tnn.Conv2d | tnn.Linear | tnn.BatchNorm2d):
                names = ["weight", "bias"]
                if isinstance(module, tnn.BatchNorm2d):
                    names += ["running_mean", "running_var"]
                for name in names:
                    if getattr(module, name) is not None:
                        getattr(module, name).copy_(torch.from_numpy(next(values)))
    return net


def _values() -> list[FloatArray]:
    """The parameters in forward order: weight, bias; of a BatchNorm γ, β, mean, variance."""
    draw = np.random.default_rng(11)
    found: list[FloatArray] = []

    def kernel(*shape: int, bias: bool = True) -> None:
        scale = np.sqrt(2 / np.prod(shape[1:]))
        found.append((scale * draw.standard_normal(shape)).astype(np.float32))
        if bias:
            found.append((0.1 * draw.standard_normal(shape[0])).astype(np.float32))

    def norm() -> None:
        gamma, beta, mean, variance = draw.random((4, CHANNELS)).astype(np.float32)
        found.extend(
            [gamma + np.float32(0.5), beta - np.float32(0.5), mean, variance + np.float32(0.5)]
        )

    kernel(CHANNELS, 3, 3, 3)
    norm()
    for _ in range(2):
        kernel(CHANNELS, CHANNELS, 3, 3, bias=False)
        norm()
        kernel(CHANNELS, CHANNELS, 3, 3)
        norm()
    kernel(16, CHANNELS * 64)
    kernel(CLASSES, 16)
    return found
