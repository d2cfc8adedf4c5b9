"""A module that is kept without its code gives, bit for bit, what it did."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from tests.torch.modern import ConvNext, Deciding, Swin, TimmVit, TorchvisionVit, Vit
from tests.torch.test_modern import IMAGES, made
from vizframe.errors import NetworkError
from vizframe.network import FloatArray, Network, Objective
from vizframe.network.call import Call
from vizframe.network.frozen import Frozen
from vizframe.network.kept import KeptWeights
from vizframe.network.tokens import TokenNetwork
from vizframe.torch import adapter
from vizframe.torch.written import functions, read_value, write_value


class Plain(nn.Module):
    """Normalization, dropout, in-place functions, a view that is written to, a number beside."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4)
        self.drop, self.end = nn.Dropout(0.5), nn.Linear(4 * 36, 5)
        self.shift = torch.full((4, 1, 1), 0.25)  # no parameter, and no buffer

    def forward(self, x: Any) -> Any:
        x = nn.functional.relu(self.norm(self.conv(x)), inplace=True)
        x += self.shift
        x[:, 0] = x[:, 1] * 2
        x = nn.functional.adaptive_max_pool2d(x, 6).clamp(max=float("inf"))
        return self.end(self.drop(x.flatten(start_dim=1)))


KINDS = (Plain, Vit, TimmVit, TorchvisionVit, ConvNext, Swin)


def images(kind: Any) -> FloatArray:
    shape = IMAGES.get(kind, (3, 12, 16))
    return np.random.default_rng(0).random((4, *shape)).astype(np.float32)


def asked(kind: Callable[[], Any]) -> Network:
    return adapter.network(made(kind), images(kind))


def thawed(network: Network, folder: Path) -> Any:
    """Through files, as another process does it."""
    kept = KeptWeights(folder)
    kept.take(7, adapter.freeze(network))
    return adapter.thaw(kept.frozen(7), network.input_shape, call=Call())


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_it_has_the_same_layers_and_gives_the_same(kind: Any, tmp_path: Path) -> None:
    network, batch = asked(kind), images(kind)
    found = thawed(network, tmp_path).network
    assert found.layers == network.layers
    assert (found.name, found.score_layer) == (network.name, network.score_layer)
    names = [each.name for each in network.layers]
    wanted = network.activations(batch, names)
    for name, values in found.activations(batch, names).items():
        np.testing.assert_array_equal(values, wanted[name], err_msg=name)
    layer = next(each.name for each in network.layers if "weight" in each.parameters)
    np.testing.assert_array_equal(found.weights(layer)["weight"], network.weights(layer)["weight"])
    objective = Objective.of(network.score_layer, range(len(batch)))
    one, two = (each.gradient(batch, objective) for each in (network, found))
    np.testing.assert_array_equal(one.gradient, two.gradient)


def test_it_takes_the_weights_of_another_step(tmp_path: Path) -> None:
    model, batch = made(Plain), images(Plain)
    network = adapter.network(model, batch)
    found = thawed(network, tmp_path)
    with torch.no_grad():
        model.conv.weight.mul_(-1)
        model.norm.running_mean.add_(0.5)
    found.fill(adapter.freeze(network).arrays)
    np.testing.assert_array_equal(found.network.scores(batch), network.scores(batch))
    with pytest.raises(NetworkError, match="those of another network"):
        found.fill({"conv.weight": np.zeros((1,), np.float32)})


def test_numbers_of_other_kinds_come_back_as_they_were(tmp_path: Path) -> None:
    class Half(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = nn.Linear(4, 3)
            self.register_buffer("order", torch.tensor([2, 0, 1]))

        def forward(self, x: Any) -> Any:
            return self.first(x)[:, self.order]

    batch = np.random.default_rng(0).random((3, 4)).astype(np.float32)
    network = adapter.network(Half().to(torch.bfloat16), batch)
    found = thawed(network, tmp_path).network
    np.testing.assert_array_equal(found.scores(batch), network.scores(batch))


def test_an_image_of_another_size_is_refused_in_words(tmp_path: Path) -> None:
    found = thawed(asked(Plain), tmp_path).network
    with pytest.raises(NetworkError, match=r"takes images of shape \(3, 12, 16\) alone"):
        found.activations(np.zeros((1, 3, 20, 20), np.float32), ["conv"])


def test_a_net_that_decides_while_it_runs_is_not_kept() -> None:
    with pytest.raises(NetworkError, match="decides while it runs what it computes"):
        adapter.freeze(asked(Deciding))


def described() -> dict[str, Any]:
    said: dict[str, Any] = json.loads(adapter.freeze(asked(Plain)).description)
    return said


def thaw(said: object) -> Any:
    frozen = adapter.freeze(asked(Plain))
    return adapter.thaw(Frozen(json.dumps(said), frozen.arrays), (3, 12, 16), call=Call())


@pytest.mark.parametrize(
    "function",
    ["os.system", "torch.load", "torch.hub.load", "torch.Tensor.apply_", "torch.Tensor.numpy", 3],
)
def test_what_is_read_calls_nothing_but_arithmetic(function: object) -> None:
    said = described()
    node = next(each for each in said["tape"]["nodes"] if each["function"])
    node["function"] = function
    with pytest.raises(NetworkError, match="damaged or foreign"):
        thaw(said)


@pytest.mark.parametrize(
    "change",
    [
        lambda said: said.update(version=2),
        lambda said: said.update(tape={}),
        lambda said: said["tape"].update(output=10_000),
        lambda said: said["tape"]["nodes"][-1].update(inputs=[10_000]),
        lambda said: said["tape"]["nodes"][-1].update(args=[{"code": "1"}]),
        lambda said: said["tensors"].pop("conv.weight"),
        lambda said: said["tensors"].update({"conv.weight": ["object", True]}),
        lambda said: said.update(name="\0"),
    ],
)
def test_a_description_of_something_else_is_refused(change: Callable[[Any], object]) -> None:
    said = described()
    change(said)
    with pytest.raises(NetworkError, match="damaged or foreign"):
        thaw(said)


def test_arguments_come_back_as_they_were() -> None:
    given = (
        [1, True, None, "same", -0.5, float("-inf")],
        {"dtype": torch.int64, "layout": torch.strided},
        slice(None, 3, 2),
        Ellipsis,
        torch.channels_last,
        np.int64(4),
    )
    assert read_value(json.loads(json.dumps(write_value(given)))) == given
    with pytest.raises(NetworkError, match="given a function, which no file holds"):
        write_value(thaw)
    assert "torch.Tensor.add" in functions()


def test_a_class_token_stands_beside_the_map() -> None:
    network, batch = asked(Vit), images(Vit)
    assert isinstance(network, TokenNetwork)
    layer = next(e for e in network.layers if e.name == "mlp.2")
    assert layer.axes == ("unit", "y", "x")
    maps = network.activations(batch, ["mlp.2", "patch"])["mlp.2"]
    beside = network.tokens_beside()
    assert list(beside) == ["mlp.2"]
    assert beside["mlp.2"].shape == (*maps.shape[:2], 1)
    model = made(Vit)
    seen = []
    model.mlp.register_forward_hook(lambda _m, _i, output: seen.append(output.detach().numpy()))
    model.eval()(torch.from_numpy(batch))
    np.testing.assert_allclose(beside["mlp.2"][:, :, 0], seen[0][:, 0], atol=1e-6)
