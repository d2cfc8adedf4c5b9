"""Two frameworks, one network: both adapters answer alike on the same weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from vizframe.gluon.compat import mx
from vizframe.gluon.view import view as gluon_view
from vizframe.network import FloatArray, Network, Objective, ReluRule
from vizframe.torch.view import view as torch_view

gnn = mx.gluon.nn

CLOSE = 1e-5
"""Of the largest value: how far the two may differ."""


class TorchResidual(nn.Module):
    """A residual block, its ReLUs functional and in place."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, padding=1)
        self.one = nn.Conv2d(4, 8, 3, stride=2, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(8)
        self.two = nn.Conv2d(8, 8, 3, padding=1)
        self.side = nn.Conv2d(4, 8, 1, stride=2)
        self.out = nn.Linear(8, 3)

    def forward(self, x: Any) -> Any:
        x = nn.functional.relu(self.stem(x))
        y = nn.functional.relu(self.norm(self.one(x)), inplace=True)
        y = self.two(y)
        y += self.side(x)
        return self.out(y.relu_().mean((2, 3)))


class GluonResidual(mx.gluon.HybridBlock):
    def __init__(self) -> None:
        super().__init__()
        self.stem = gnn.Conv2D(4, 3, padding=1)
        self.one = gnn.Conv2D(8, 3, strides=2, padding=1, use_bias=False)
        self.norm = gnn.BatchNorm()
        self.two = gnn.Conv2D(8, 3, padding=1)
        self.side = gnn.Conv2D(8, 1, strides=2)
        self.out = gnn.Dense(3)

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        x = F.relu(self.stem(x))
        y = F.relu(self.norm(self.one(x)))
        y = F.relu(self.two(y) + self.side(x))
        return self.out(F.mean(y, axis=(2, 3)))


def residual() -> tuple[Any, Any]:
    torch.manual_seed(0)
    ours = TorchResidual()
    nn.init.uniform_(ours.norm.running_mean, -0.2, 0.2)
    nn.init.uniform_(ours.norm.running_var, 0.5, 2)
    return ours, GluonResidual()


def lenet() -> tuple[Any, Any]:
    torch.manual_seed(0)
    ours = nn.Sequential(
        nn.Conv2d(3, 6, 5, padding=2),
        nn.Tanh(),
        nn.AvgPool2d(2),
        nn.Conv2d(6, 8, 3),
        nn.Sigmoid(),
        nn.Flatten(),
        nn.Linear(8 * 4 * 4, 3),
    )
    theirs = gnn.HybridSequential()
    theirs.add(gnn.Conv2D(6, 5, padding=2), gnn.Activation("tanh"), gnn.AvgPool2D(2))
    theirs.add(gnn.Conv2D(8, 3), gnn.Activation("sigmoid"), gnn.Flatten(), gnn.Dense(3))
    return ours, theirs


def vgg() -> tuple[Any, Any]:
    torch.manual_seed(0)
    ours = nn.Sequential(
        nn.Conv2d(3, 5, 3, padding=1),
        nn.ReLU(inplace=True),
        nn.Conv2d(5, 5, 3, padding=1),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(2, 2),
        nn.Conv2d(5, 7, 3, padding=1),
        nn.ReLU6(),
        nn.Flatten(),
        nn.Linear(7 * 36, 3),
    )
    theirs = gnn.HybridSequential()
    for units in (5, 5):
        theirs.add(gnn.Conv2D(units, 3, padding=1), gnn.Activation("relu"))
    theirs.add(gnn.MaxPool2D(2, 2), gnn.Conv2D(7, 3, padding=1))
    theirs.add(gnn.HybridLambda(lambda F, x: F.clip(x, 0, 6)), gnn.Flatten(), gnn.Dense(3))
    return ours, theirs


def images() -> FloatArray:
    return np.random.default_rng(0).standard_normal((3, 3, 12, 12)).astype(np.float32)


def pair(pick: str) -> tuple[Network, Network]:
    ours, theirs = {"lenet": lenet, "vgg": vgg, "residual": residual}[pick]()
    theirs.initialize()
    theirs(mx.nd.array(images()))
    names = {"gamma": "weight", "beta": "bias"}
    for full, each in theirs._collect_params_with_prefix().items():
        owner, _, short = full.rpartition(".")
        own = getattr(ours.get_submodule(owner), names.get(short, short))
        each.set_data(mx.nd.array(own.detach().numpy()))
    return torch_view(ours.eval(), (3, 12, 12)), gluon_view(theirs, (3, 12, 12))


def assert_alike(one: FloatArray, two: FloatArray) -> None:
    assert one.shape == two.shape
    assert float(abs(one - two).max()) <= CLOSE * max(1.0, float(abs(two).max()))


KERNELS = {
    "lenet": ("0", "3", "6"),
    "vgg": ("0", "2", "5", "8"),
    "residual": ("stem", "two", "out"),
}


@pytest.mark.parametrize("pick", KERNELS)
def test_both_adapters_tell_the_same_of_one_network(pick: str) -> None:
    ours, theirs = pair(pick)
    given = images()
    assert_alike(ours.scores(given), theirs.scores(given))
    for name in KERNELS[pick]:
        one, two = ours.layer(name), theirs.layer(name)
        assert (one.shape, one.axes, one.kind) == (two.shape, two.axes, two.kind)
        assert one.receptive_field == two.receptive_field
        assert dict(one.parameters) == dict(two.parameters)
        assert_alike(ours.activations(given, [name])[name], theirs.activations(given, [name])[name])
        rules: tuple[ReluRule, ...] = ("plain", "guided", "deconvnet", "redirected")
        for rule in rules:
            objective = Objective.of(name, [0, 1, 2])
            own = ours.gradient(given, objective, rule=rule)
            other = theirs.gradient(given, objective, rule=rule)
            assert_alike(own.values, other.values)
            assert_alike(own.gradient, other.gradient)


@pytest.mark.parametrize("pick", KERNELS)
def test_both_adapters_climb_on_the_same_fields(pick: str) -> None:
    ours, theirs = pair(pick)
    for name in KERNELS[pick]:
        objective = Objective.of(name, [0, 2])
        with ours.excitation(objective) as one, theirs.excitation(objective) as two:
            assert (one.shape, one.exact_field) == (two.shape, two.exact_field)
            given = np.random.default_rng(1).standard_normal(one.shape).astype(np.float32)
            own, other = (e.evaluate(e.ops.to_device(given)) for e in (one, two))
            for a, b in zip(own, other, strict=True):
                assert_alike(one.ops.to_numpy(a), two.ops.to_numpy(b))
            assert_alike(one.ops.to_numpy(one.responses()), two.ops.to_numpy(two.responses()))
