"""Relevance on a tape is that of the formulas, through batch normalization, skips, functions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from vizframe.errors import NetworkError
from vizframe.network import FloatArray, Objective
from vizframe.network.relevance import COMPOSITES, RelevanceNetwork
from vizframe.torch.view import view

from .device import DEVICE

SHAPE = (3, 12, 12)
IMAGES: FloatArray = np.random.default_rng(3).standard_normal((3, *SHAPE)).astype(np.float32)
UNITS = [0, 1, 2]


class Residual(nn.Module):
    """Functional and in place, its convolutions with a normalization behind them or merged."""

    def __init__(self, *, norms: bool, sized: bool = False) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 6, 3, padding=1, bias=not norms)
        self.first = nn.Conv2d(6, 6, 3, padding=1, groups=2)
        self.last = nn.Conv2d(6, 6, 3, padding=1)
        self.norms = nn.ModuleList([nn.BatchNorm2d(6) for _ in range(3)] if norms else [])
        self.out = nn.Linear(6 * 9, 4)
        self.sized = sized

    def forward(self, given: Any) -> Any:
        norms: Any = self.norms or [nn.Identity()] * 3
        if self.sized and float(given.sum()) < -1e9:  # which no tape holds
            return self.out(given)
        stem = nn.functional.relu(norms[0](self.stem(given)), inplace=True)
        inner = norms[1](self.first(nn.functional.max_pool2d(stem, 2))).clamp_(min=0)
        inner = norms[2](self.last(inner))
        inner += nn.functional.max_pool2d(stem, 2)
        pooled = nn.functional.avg_pool2d(torch.relu(inner), 2)
        return self.out(pooled.flatten(1))


def residual(*, norms: bool = True, sized: bool = False) -> Any:
    torch.manual_seed(0)
    net = Residual(norms=norms, sized=sized).to(DEVICE)
    for norm in net.norms:
        for values in (norm.weight, norm.bias, norm.running_mean, norm.running_var):
            nn.init.uniform_(values, 0.5, 1.5)
    return net


def merged(net: Any) -> Any:
    """The same function, each normalization multiplied into the convolution before it."""
    made = residual(norms=False)
    made.out = net.out
    for name, norm in zip(("stem", "first", "last"), net.norms, strict=True):
        fused = torch.nn.utils.fusion.fuse_conv_bn_eval(getattr(net, name).eval(), norm.eval())
        setattr(made, name, fused)
    return made


def handed_back(net: Any, composite: str, **changed: Any) -> tuple[FloatArray, FloatArray]:
    network = view(net, SHAPE)
    rules = replace(COMPOSITES[composite], low=(-4.0,) * 3, high=(4.0,) * 3, **changed)
    assert isinstance(network, RelevanceNetwork)
    found = network.relevance(IMAGES, Objective.of(network.score_layer, UNITS), rules)
    return found.values, found.gradient


@pytest.mark.parametrize("composite", COMPOSITES)
def test_a_normalization_behind_a_convolution_is_part_of_it(composite: str) -> None:
    net = residual()
    (values, found), (others, wanted) = (handed_back(n, composite) for n in (net, merged(net)))
    np.testing.assert_allclose(values, others, rtol=1e-4)
    np.testing.assert_allclose(found, wanted, atol=2e-4 * abs(wanted).max())


@pytest.mark.parametrize("composite", COMPOSITES)
def test_nets_that_no_tape_holds_hand_back_the_same(composite: str) -> None:
    (values, found), (others, wanted) = (
        handed_back(residual(sized=sized), composite) for sized in (True, False)
    )
    np.testing.assert_allclose(values, others, rtol=1e-4)
    np.testing.assert_allclose(found, wanted, atol=2e-4 * abs(wanted).max())


@pytest.mark.parametrize("composite", COMPOSITES)
def test_without_biases_all_of_the_score_arrives_through_skips(composite: str) -> None:
    net = merged(residual())
    with torch.no_grad():
        for name, parameter in net.named_parameters():
            parameter.mul_(0 if name.endswith("bias") else 1)
    values, found = handed_back(net, composite)
    np.testing.assert_allclose(found.sum(axis=(1, 2, 3)), values, rtol=0.002, atol=1e-3)


def test_epsilon_alone_is_gradient_times_input() -> None:
    network = view(residual(), SHAPE)
    gradient = network.gradient(IMAGES, Objective.of(network.score_layer, UNITS)).gradient
    _, found = handed_back(residual(), "epsilon", epsilon=1e-12)
    np.testing.assert_allclose(found, gradient * IMAGES, atol=1e-4)


def test_asking_leaves_the_module_as_it_was() -> None:
    net = residual()
    before = {name: each.clone() for name, each in net.state_dict().items()}
    random = torch.random.get_rng_state()
    handed_back(net, "epsilon_gamma_box")
    assert torch.equal(torch.random.get_rng_state(), random)
    assert net.training
    assert all(each.grad is None for each in net.parameters())
    for name, each in net.state_dict().items():
        assert torch.equal(each, before[name])


def test_words_have_no_relevance() -> None:
    net = nn.Sequential(nn.Embedding(9, 4), nn.Flatten(), nn.Linear(20, 3)).to(DEVICE)
    network = view(net, (5,))
    assert isinstance(network, RelevanceNetwork)
    words = np.ones((2, 5), np.float32)
    with pytest.raises(NetworkError, match="which have no relevance; it can be one that takes"):
        network.relevance(words, Objective.of(network.score_layer, [0, 1]), COMPOSITES["epsilon"])


@pytest.mark.parametrize("padding", [(1, 0), "same"])
@pytest.mark.parametrize("composite", ["epsilon_gamma_box", "epsilon_plus_flat"])
def test_a_first_convolution_of_any_form_hands_back_what_its_score_is(
    composite: str, padding: Any
) -> None:
    torch.manual_seed(0)
    stride = (3, 2) if padding != "same" else 1
    kernel = (3, 2) if padding != "same" else 3
    first = nn.Conv2d(4, 8, kernel, stride, padding, (2, 1), groups=2, bias=False)
    net = nn.Sequential(first, nn.ReLU(), nn.Flatten(), nn.LazyLinear(4, bias=False)).to(DEVICE)
    images = np.random.default_rng(0).standard_normal((2, 4, 14, 13)).astype(np.float32)
    net(torch.zeros(1, *images.shape[1:], device=DEVICE))
    network = view(net, images.shape[1:])
    rules = replace(COMPOSITES[composite], low=(-9.0,) * 4, high=(9.0,) * 4)
    assert isinstance(network, RelevanceNetwork)
    found = network.relevance(images, Objective.of(network.score_layer, [1, 2]), rules)
    np.testing.assert_allclose(
        found.gradient.sum(axis=(1, 2, 3)), found.values, rtol=1e-3, atol=1e-5
    )
