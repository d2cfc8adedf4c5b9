"""What cannot be asked is said in one sentence that names it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vizframe.errors import NetworkError, UnknownName, UsageError
from vizframe.gluon.compat import mx
from vizframe.gluon.network import GluonNetwork
from vizframe.network import Objective

nn = mx.gluon.nn

SHAPE = (3, 8, 8)


def small_net() -> Any:
    net = nn.HybridSequential(prefix="net_")
    with net.name_scope():
        net.add(nn.Conv2D(4, 3), nn.Activation("relu"), nn.Dense(3))
    net.initialize()
    net(mx.nd.zeros((1, *SHAPE)))
    return net


def export_net(folder: Path) -> tuple[Path, Path]:
    net = small_net()
    net.hybridize()
    net(mx.nd.zeros((1, *SHAPE)))
    net.export(str(folder / "net"))
    return folder / "net-symbol.json", folder / "net-0000.params"


def test_a_symbol_without_parameters_is_refused(tmp_path: Path) -> None:
    symbol, params = export_net(tmp_path)
    params.unlink()
    with pytest.raises(UsageError, match=r"net-0000\.params is not there; it can be a file that"):
        GluonNetwork.load(symbol, params, SHAPE)


def test_a_file_that_is_no_symbol_is_refused(tmp_path: Path) -> None:
    _, params = export_net(tmp_path)
    (tmp_path / "notes.json").write_text("{}")
    with pytest.raises(UsageError, match=r"notes\.json is no exported symbol"):
        GluonNetwork.load(tmp_path / "notes.json", params, SHAPE)


def test_a_file_that_holds_no_parameters_is_refused(tmp_path: Path) -> None:
    symbol, params = export_net(tmp_path)
    params.write_bytes(b"nothing of the kind")
    with pytest.raises(UsageError, match=r"net-0000\.params is no file of parameters"):
        GluonNetwork.load(symbol, params, SHAPE)


def test_a_missing_parameter_is_named(tmp_path: Path) -> None:
    symbol, params = export_net(tmp_path)
    arrays = mx.nd.load(str(params))
    del arrays["arg:net_conv0_bias"]
    mx.nd.save(str(params), arrays)
    with pytest.raises(NetworkError, match="parameter 'net_conv0_bias' is missing in"):
        GluonNetwork.load(symbol, params, SHAPE)


def test_the_first_parameter_that_does_not_fit_is_named_with_both_shapes(tmp_path: Path) -> None:
    symbol, params = export_net(tmp_path)
    arrays = mx.nd.load(str(params))
    arrays["arg:net_conv0_weight"] = mx.nd.zeros((5, 3, 3, 3))
    arrays["arg:net_dense0_weight"] = mx.nd.zeros((3, 7))
    mx.nd.save(str(params), arrays)
    expected = r"'net_conv0_weight' has shape \(5, 3, 3, 3\); the network can use \(4, 3, 3, 3\)"
    with pytest.raises(NetworkError, match=expected):
        GluonNetwork.load(symbol, params, SHAPE)


# MXNet warns when it reads its own export back, whatever is in it.
@pytest.mark.filterwarnings("ignore:Cannot decide type for the following:UserWarning")
def test_an_exported_model_answers_as_the_net_it_was(tmp_path: Path) -> None:
    symbol, params = export_net(tmp_path)
    network = GluonNetwork.load(symbol, params, SHAPE)
    images = np.random.default_rng(0).standard_normal((2, *SHAPE)).astype(np.float32)
    again = mx.gluon.SymbolBlock.imports(str(symbol), ["data"], str(params))
    wanted = again(mx.nd.array(images)).asnumpy()
    np.testing.assert_allclose(network.scores(images), wanted, rtol=1e-5, atol=1e-6)
    seen = GluonNetwork.of(again, SHAPE)
    np.testing.assert_allclose(seen.scores(images), wanted, rtol=1e-5, atol=1e-6)
    for each in (network, seen):
        assert [layer.name for layer in each.layers] == ["conv0", "relu0", "dense0"]
    assert network.weights("conv0")["weight"].shape == (4, 3, 3, 3)


@pytest.mark.parametrize(
    ("images", "sentence"),
    [
        (np.zeros((3, 8, 8), np.float32), r"shape \(3, 8, 8\); .* can be \(images, 3, 8, 8\)"),
        (np.zeros((2, 1, 8, 8), np.float32), r"shape \(2, 1, 8, 8\); .* can be \(images, 3, 8, 8"),
        (np.zeros((2, 3, 8, 8), np.uint8), "dtype uint8; it can be float32, scaled as in"),
        (np.zeros((2, 3, 9, 9), np.float32), r"cannot take inputs of shape data \(2, 3, 9, 9\)"),
    ],
)
def test_images_of_the_wrong_rank_channels_dtype_or_size_are_refused(
    images: Any, sentence: str
) -> None:
    network = GluonNetwork.of(small_net(), SHAPE)
    with pytest.raises(NetworkError, match=sentence):
        network.scores(images)


class Odd(mx.gluon.HybridBlock):  # type: ignore[misc]  # MXNet ships no types
    """Draws what has no mean that could be known."""

    def hybrid_forward(self, F: Any, features: Any) -> Any:
        return F.shuffle(features)


def test_an_operator_that_must_draw_is_named() -> None:
    net = nn.HybridSequential()
    net.add(nn.Conv2D(2, 3), Odd())
    net.initialize()
    net(mx.nd.zeros((1, *SHAPE)))
    with pytest.raises(NetworkError, match=r"operator '_shuffle' of .* draws random numbers"):
        GluonNetwork.of(net, SHAPE)


def test_parameters_without_values_are_named() -> None:
    net = nn.HybridSequential()
    net.add(nn.Dense(3))
    net.initialize()
    with pytest.raises(NetworkError, match=r"has no values yet; call net\.initialize"):
        GluonNetwork.of(net, SHAPE)


def test_a_child_that_is_never_called_needs_no_values() -> None:
    class Spare(mx.gluon.HybridBlock):  # type: ignore[misc]  # MXNet has no types
        def __init__(self) -> None:
            super().__init__()
            with self.name_scope():
                self.used, self.spare = nn.Dense(3), nn.Dense(5)

        def hybrid_forward(self, F: Any, x: Any) -> Any:
            return self.used(x)

    net = Spare()
    net.initialize()
    net(mx.nd.zeros((1, *SHAPE)))
    network = GluonNetwork.of(net, SHAPE)
    assert [layer.name for layer in network.layers] == ["used"]
    assert network.scores(np.ones((2, *SHAPE), np.float32)).shape == (2, 3)
    with network.randomized(0) as shuffled:
        assert shuffled.scores(np.ones((2, *SHAPE), np.float32)).shape == (2, 3)


def test_units_places_and_inputs_that_are_not_there_are_named() -> None:
    network = GluonNetwork.of(small_net(), SHAPE)
    images = np.zeros((1, *SHAPE), np.float32)
    with pytest.raises(UsageError, match="unit is 4; it can be 0 to 3 in layer '0'"):
        network.gradient(images, Objective.of("0", [4]))
    with pytest.raises(UsageError, match=r"place is \(6, 0\); it can be \(0, 0\) to \(5, 5\)"):
        network.gradient(images, Objective("0", np.array([0]), np.array([[6, 0]])))
    with pytest.raises(UsageError, match=r"place has shape \(2,\); it can be \(1, 2\)"):
        network.gradient(images, Objective("0", np.array([0]), np.array([1, 1])))
    with pytest.raises(NetworkError, match="layer '0' does not depend on layer '2'"):
        network.gradient(images, Objective.of("0", [0]), at="2")
    with pytest.raises(UnknownName, match="input 'image' is not known; it can be 'data'"):
        GluonNetwork.of(small_net(), SHAPE, input="image")


class Counting(mx.gluon.HybridBlock):  # type: ignore[misc]  # MXNet ships no types
    """A convolution, then an operator without gradient, then a dense layer."""

    def __init__(self, operator: str) -> None:
        super().__init__()
        self._operator = operator
        with self.name_scope():
            self.conv = nn.Conv2D(4, 3)
            self.out = nn.Dense(3)

    def hybrid_forward(self, F: Any, images: Any) -> Any:
        flat = self.conv(images).reshape((0, -1))
        return self.out(getattr(F, self._operator)(flat, name="stop").reshape((0, -1)))


@pytest.mark.parametrize("operator", ["argmax_channel", "sign", "BlockGrad", "topk"])
def test_an_operator_without_gradient_is_named(operator: str) -> None:
    net = Counting(operator)
    net.initialize()
    images = np.ones((2, *SHAPE), np.float32)
    net(mx.nd.array(images))
    network = GluonNetwork.of(net, SHAPE)
    assert network.scores(images).shape == (2, 3)
    objective = Objective.of("out", [0, 1])
    expected = f"layer 'out' has no gradient, as operator '{operator}' of .*stop'"
    with pytest.raises(NetworkError, match=expected):
        network.gradient(images, objective)
    with pytest.raises(NetworkError, match=expected):
        network.gradient(images, objective, at="conv")
    with pytest.raises(NetworkError, match=expected), network.excitation(objective):
        pass
    assert network.gradient(images, Objective.of("conv", [0, 1])).gradient.any()


@pytest.mark.parametrize("shape", [(7,), (2, 9), (2, 6, 6, 6)])
def test_networks_of_other_things_than_images_are_asked_all_but_for_pictures(
    shape: tuple[int, ...],
) -> None:
    net = nn.HybridSequential()
    net.add(nn.Dense(4, activation="relu"), nn.Dense(3))
    net.initialize()
    inputs = np.random.default_rng(0).standard_normal((2, *shape)).astype(np.float32)
    wanted = net(mx.nd.array(inputs)).asnumpy()
    network = GluonNetwork.of(net, shape)
    np.testing.assert_allclose(network.scores(inputs), wanted, rtol=1e-5, atol=1e-6)
    objective = Objective.of("1", [0, 2])
    assert network.gradient(inputs, objective).gradient.shape == inputs.shape
    assert network.batch_size("1") >= 1
    expected = r"takes inputs of shape \(.*\); it can be \(channels, y, x\) where pictures are"
    with pytest.raises(NetworkError, match=expected), network.excitation(objective):
        pass
