"""Dense layers that a net's own modules write out are seen as such."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from vizframe.torch.view import view


class ByAddmm(nn.Module):
    """As GPT-2's are: the weight is (input, unit), texts are flattened."""

    def __init__(self, inputs: int, units: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(inputs, units))
        self.bias = nn.Parameter(torch.randn(units))

    def forward(self, x: Any) -> Any:
        flat = torch.addmm(self.bias, x.view(-1, x.size(-1)), self.weight)
        return flat.view(*x.size()[:-1], self.weight.shape[1])


class ByMatmul(nn.Module):
    """Names of its own, no bias, and (unit, input)."""

    def __init__(self, inputs: int, units: int) -> None:
        super().__init__()
        self.kernel = nn.Parameter(torch.randn(units, inputs))

    def forward(self, x: Any) -> Any:
        return x @ self.kernel.T


class Squared(ByMatmul):
    """More than a product: no dense layer."""

    def forward(self, x: Any) -> Any:
        return (x @ self.kernel.T) ** 2


class Counting(ByAddmm):
    """What it writes down of its calls stays as it is."""

    calls = 0

    def forward(self, x: Any) -> Any:
        self.calls += 1
        return super().forward(x) + 0 * torch.rand(1)


@pytest.mark.parametrize("kind", [ByAddmm, ByMatmul, Counting])
def test_a_module_that_only_multiplies_by_its_weight_is_a_dense_layer(kind: Any) -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Embedding(9, 4), kind(4, 6), nn.ReLU(), nn.Linear(6, 3))
    state = torch.random.get_rng_state()
    network = view(net, (5,), call=words())
    assert torch.equal(torch.random.get_rng_state(), state)
    layer = network.layer("1")
    assert layer.kind == "dense"
    assert layer.shape == (5, 6)
    assert layer.units == 6
    assert layer.parameters["weight"] == (6, 4)
    own = next(each for each in net[1].parameters() if each.ndim == 2).detach()
    expected = own.T if kind is not ByMatmul else own
    assert np.array_equal(network.weights("1")["weight"], expected.numpy())
    ids = np.arange(10, dtype=np.float32).reshape(2, 5) % 9
    with torch.no_grad():
        wanted = net[1](net[0](torch.from_numpy(ids).long())).numpy()
    assert np.allclose(network.activations(ids, ["1"])["1"], wanted, atol=1e-6)
    assert getattr(net[1], "calls", 1) == 1


class Inside(nn.Module):
    """Weights of its own beside other layers, as of libraries whose layers are no modules."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(4, 5), nn.Parameter(torch.randn(6, 3))
        self.middle, self.bias = nn.Parameter(torch.randn(5, 6)), nn.Parameter(torch.randn(6))

    def forward(self, x: Any) -> Any:
        x = torch.addmm(self.bias, torch.relu(self.first(x)), self.middle)
        return torch.tanh(x) @ (self.last * 1.0) + torch.matmul(x, self.last)


def test_products_with_a_weight_inside_of_a_net_are_dense_layers() -> None:
    torch.manual_seed(0)
    net = Inside()
    network = view(net, (4,))
    dense = {each.name: each for each in network.layers if each.kind == "dense"}
    assert list(dense) == ["first", "linear", "linear.call2"]
    assert dense["linear"].parameters == {"weight": (6, 5), "bias": (6,)}
    weights = network.weights("linear.call2")["weight"]
    assert np.array_equal(weights, net.last.detach().numpy().T)
    rows = np.random.default_rng(0).random((2, 4), np.float32)
    given = net(torch.from_numpy(rows))
    assert np.array_equal(network.scores(rows), given.detach().numpy())
    given.sum().backward()
    assert net.last.grad is not None
    gradient = network.weight_gradients("linear.call2")["weight"]
    assert np.array_equal(gradient, net.last.grad.numpy().T)


def test_a_module_that_does_more_is_as_it_is() -> None:
    net = nn.Sequential(nn.Embedding(9, 4), Squared(4, 6), nn.Linear(6, 3))
    network = view(net, (5,), call=words())
    assert network.layer("1").operator == "pow"


def words() -> Any:
    from vizframe.network.call import Call

    return Call(dtype="int64")
