"""Asking changes nothing: not the weights, not the mode, not what the training draws next."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from vizframe.gluon.compat import mx
from vizframe.gluon.graph.trace import NoGraph
from vizframe.gluon.network import GluonNetwork
from vizframe.gluon.question.excitation import GluonExcitation
from vizframe.gluon.view import view
from vizframe.history import RunInfo
from vizframe.history.memory import MemoryRun, MemoryWriter
from vizframe.network import FloatArray, Objective
from vizframe.network.probe import Probe
from vizframe.recording.recorder import Recorder

nn, autograd = mx.gluon.nn, mx.autograd

SHAPE = (2, 10, 10)
IMAGES: FloatArray = np.random.default_rng(0).standard_normal((4, *SHAPE)).astype(np.float32)


class Noise(mx.gluon.HybridBlock):  # type: ignore[misc]  # MXNet ships no types
    """Draws from MXNet's generator in every mode, and gives its mean when it is looked at."""

    def hybrid_forward(self, F: Any, features: Any) -> Any:
        return features + F.random.normal_like(features) * 0.1 + F.random.uniform_like(features)


def trained_net(*, hybridized: bool) -> Any:
    mx.random.seed(5)
    net = nn.HybridSequential(prefix="")
    net.add(nn.Conv2D(4, 3, padding=1), nn.BatchNorm(), nn.Activation("relu"))
    net.add(nn.MaxPool2D(), Noise(), nn.Dropout(0.5), nn.Dense(3))
    net.initialize(mx.init.Normal(0.1))
    if hybridized:
        net.hybridize()
    net(mx.nd.zeros((1, *SHAPE)))
    return net


def ask_everything(network: GluonNetwork) -> None:
    names = [layer.name for layer in network.layers]
    network.activations(IMAGES, names)
    network.gradient(IMAGES, Objective.of("6", [0, 1, 2, 0]), rule="guided", at="3")
    for layer in ("0", "2", "6"):
        with network.excitation(Objective.of(layer, [0, 1]), rule="deconvnet") as excitation:
            start = np.zeros(excitation.shape, np.float32)
            excitation.evaluate(excitation.ops.to_device(start))
            excitation.responses()
    with network.randomized(1) as control:
        control.scores(IMAGES)
    network.weights("0"), network.weight_gradients("0"), network.batch_size("6")


def train(net: Any, *, asked: bool) -> list[FloatArray]:
    """Three updates with Adam; every parameter and statistic afterwards, and what is drawn next."""
    trainer = mx.gluon.Trainer(net.collect_params(), "adam", {"learning_rate": 0.01})
    network = GluonNetwork.of(net, SHAPE)
    mx.random.seed(7)
    for _ in range(3):
        with autograd.record():
            loss = (net(mx.nd.array(IMAGES)) ** 2).sum()
        loss.backward()
        if asked:
            ask_everything(network)
        trainer.step(4)
    if asked:
        ask_everything(network)
    drawn = mx.nd.random.uniform(shape=(8,))
    parameters = net.collect_params().values()
    return [*(parameter.data().asnumpy() for parameter in parameters), drawn.asnumpy()]


@pytest.mark.parametrize("hybridized", [False, True])
def test_a_training_that_is_asked_ends_bit_identical(hybridized: bool) -> None:
    bare = train(trained_net(hybridized=hybridized), asked=False)
    asked = train(trained_net(hybridized=hybridized), asked=True)
    for one, other in zip(bare, asked, strict=True):
        np.testing.assert_array_equal(one, other)


def state(net: Any) -> list[object]:
    """All of the model that asking might touch."""
    parameters = net.collect_params().values()
    return [
        [(id(p.data()), p.grad_req, p.data().asnumpy().tolist()) for p in parameters],
        [p.grad().asnumpy().tolist() for p in parameters if p.grad_req != "null"],
        [(dict(b._forward_hooks), dict(b._forward_pre_hooks), b._active) for b in net],
        [autograd.is_recording(), autograd.is_training()],
    ]


def breaks_off(error: type[BaseException], network: GluonNetwork) -> None:
    """A question that ends in the middle."""
    with (
        network.excitation(Objective.of("6", [0])) as excitation,
        network.randomized(0),
    ):
        excitation.evaluate(excitation.ops.to_device(np.zeros(excitation.shape, np.float32)))
        raise error


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_a_question_that_breaks_off_leaves_everything_as_it_was(error: type[BaseException]) -> None:
    net = trained_net(hybridized=True)
    fired: list[object] = []
    net[3].register_forward_hook(lambda *_: fired.append(1))
    network = GluonNetwork.of(net, SHAPE)
    before = state(net)
    with pytest.raises(error):
        breaks_off(error, network)
    assert state(net) == before
    assert not fired


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_a_trace_that_breaks_off_leaves_everything_as_it_was(
    error: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    net = trained_net(hybridized=True)
    net[3].register_forward_hook(lambda *_: None)
    before = state(net)

    def broken(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(Noise, "hybrid_forward", broken)
    with pytest.raises(NoGraph if error is RuntimeError else error):
        GluonNetwork.of(net, SHAPE)
    assert state(net) == before


def test_names_that_mxnet_counts_up_are_not_used_up_by_a_trace() -> None:
    def counted() -> int:
        name = mx.sym.relu(mx.sym.var("x")).name
        return int(name.removeprefix("relu"))

    net = trained_net(hybridized=False)
    first = counted()
    GluonNetwork.of(net, SHAPE)
    assert counted() == first + 1


def test_mode_and_recording_are_as_before_inside_a_training() -> None:
    net = trained_net(hybridized=False)
    network = GluonNetwork.of(net, SHAPE)
    with autograd.record():
        ask_everything(network)
        assert autograd.is_recording()
        assert autograd.is_training()
    ask_everything(network)
    assert not autograd.is_recording()


def test_answers_follow_the_weights_without_a_new_graph() -> None:
    net = trained_net(hybridized=True)
    network = GluonNetwork.of(net, SHAPE)
    first = network.scores(IMAGES)
    kept = len(network._kept)
    net[6].weight.set_data(net[6].weight.data() * 2)
    net[6].bias.set_data(net[6].bias.data() * 2)
    np.testing.assert_allclose(network.scores(IMAGES), 2 * first, rtol=1e-5)
    assert len(network._kept) == kept


def test_memory_is_flat_over_some_hundred_recordings() -> None:
    network = GluonNetwork.of(trained_net(hybridized=False), SHAPE)
    for _ in range(5):
        ask_everything(network)
    kept = len(network._kept)
    before = resident()
    for _ in range(150):
        ask_everything(network)
    mx.nd.waitall()
    assert len(network._kept) == kept
    assert resident() - before < 16 << 20


def resident() -> int:
    """Bytes of memory that this process has."""
    with open("/proc/self/statm") as told:
        return int(told.read().split()[1]) * 4096


def test_a_model_on_another_context_is_asked_there() -> None:
    net = trained_net(hybridized=False)
    wanted = GluonNetwork.of(net, SHAPE)
    objective = Objective.of("6", [0, 1, 2, 0])
    there = trained_net(hybridized=False)
    there.collect_params().reset_ctx(mx.cpu(1))
    network = GluonNetwork.of(there, SHAPE)
    np.testing.assert_allclose(network.scores(IMAGES), wanted.scores(IMAGES), rtol=1e-5)
    found = network.gradient(IMAGES, objective, rule="guided").gradient
    np.testing.assert_allclose(
        found, wanted.gradient(IMAGES, objective, rule="guided").gradient, rtol=1e-4, atol=1e-6
    )
    with network.excitation(objective) as excitation:
        excitation.evaluate(excitation.ops.to_device(IMAGES))
        assert isinstance(excitation, GluonExcitation)
        assert excitation._compiled.inputs["data"].context == mx.cpu(1)


def test_a_model_that_was_cast_or_moved_is_followed() -> None:
    net = trained_net(hybridized=False)
    network = GluonNetwork.of(net, SHAPE)
    first = network.scores(IMAGES)
    net.cast("float16")
    np.testing.assert_allclose(network.scores(IMAGES), first, rtol=2e-2, atol=2e-3)


def test_a_recorder_asks_as_many_units_at_once_as_its_memory_holds() -> None:
    def open_writer(info: RunInfo, probe: Probe) -> MemoryWriter:
        return MemoryRun(info, probe).writer()

    rooms: list[int] = []
    net = trained_net(hybridized=True)
    for memory in (1, 8000, None):
        with Recorder(
            net, open_writer, plugins=["weights"], probe=IMAGES, memory=memory
        ) as recorder:
            assert recorder._recording is not None
            rooms.append(recorder._recording.network.batch_size("0"))
    assert rooms[0] == 1 < rooms[1] < rooms[2] == 64


def test_graphs_that_do_not_fit_into_memory_are_thrown_away() -> None:
    net = nn.HybridSequential()
    net.add(nn.Conv2D(64, 3, padding=1), nn.Activation("relu"), nn.Conv2D(8, 3))
    net.initialize()
    net(mx.nd.zeros((1, 2, 64, 64)))
    network = GluonNetwork.of(net, (2, 64, 64), memory=40 << 20)
    for count in range(1, 9):
        network.gradient(np.zeros((count, 2, 64, 64), np.float32), Objective.of("2", [0] * count))
    assert 1 <= len(network._kept) < 8


class Spectral(mx.gluon.Block):  # type: ignore[misc]  # MXNet ships no types
    """A convolution whose weight is divided by its largest singular value; the vector that finds it
    is written down in every pass."""

    def __init__(self) -> None:
        super().__init__()
        with self.name_scope():
            self.weight = self.params.get("weight", shape=(4, 2, 3, 3))
            self.u = self.params.get("u", shape=(1, 4))

    def forward(self, x: Any) -> Any:
        rows = self.weight.data().reshape((4, -1))
        v = mx.nd.L2Normalization(mx.nd.dot(self.u.data(), rows))
        u = mx.nd.L2Normalization(mx.nd.dot(v, rows.T))
        with autograd.pause():
            self.u.set_data(u)
        weight = self.weight.data() / (mx.nd.dot(u, rows) * v).sum()
        return mx.nd.Convolution(x, weight, kernel=(3, 3), num_filter=4, no_bias=True)


class Running(mx.gluon.Block):  # type: ignore[misc]  # MXNet ships no types
    """Writes to its statistics while MXNet records, one a parameter, one an attribute."""

    def __init__(self) -> None:
        super().__init__()
        with self.name_scope():
            self.mean = self.params.get("mean", shape=(1, 4, 1, 1), init="zeros", grad_req="null")
        self.square = mx.nd.zeros((1, 4, 1, 1))
        self.draws = np.random.RandomState(1)

    def forward(self, x: Any) -> Any:
        mean = x.mean(axis=(0, 2, 3), keepdims=True)
        self.mean.data()[:] = 0.9 * self.mean.data() + 0.1 * mean.detach()
        self.square = 0.9 * self.square + 0.1 * mean**2
        noise = mx.nd.Dropout(x, p=0.3, mode="always") + self.draws.rand()
        return (noise - self.mean.data()) / (1 + self.square)


def train_writing(*, asked: bool) -> list[FloatArray]:
    mx.random.seed(5)
    net = nn.Sequential()
    net.add(Spectral(), Running(), nn.Activation("relu"), nn.Dense(3))
    net.initialize(mx.init.Normal(0.1))
    net(mx.nd.array(IMAGES))
    trainer = mx.gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.01})
    for _ in range(3):
        if asked:
            network = view(net, SHAPE)
            network.gradient(IMAGES, Objective.of("3", [0, 1, 2, 0]))
        with autograd.record():
            loss = (net(mx.nd.array(IMAGES)) ** 2).sum()
        loss.backward()
        trainer.step(4)
    parameters = net.collect_params().values()
    made = mx.nd.random.uniform(shape=(8,)), net[1].square
    return [each.asnumpy() for each in (*(p.data() for p in parameters), *made)]


def test_a_net_that_writes_to_itself_in_every_pass_ends_bit_identical() -> None:
    for one, other in zip(train_writing(asked=False), train_writing(asked=True), strict=True):
        np.testing.assert_array_equal(one, other)
