"""Which nets are trained, and which steps are one update, as trainers and scripts arrange them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from tests.torch.observing import observe, start
from tests.torch.small import Left, data, functional, left_by, small_net
from tests.torch.test_training import assert_same
from vizframe.recording.autostart import Watch
from vizframe.recording.config import Config
from vizframe.torch.optimiser import is_held, optimiser
from vizframe.torch.update_rounds import UpdateRounds
from vizframe.torch.wrapped import inner_of


@pytest.fixture(autouse=True)
def _same_start() -> Iterator[None]:
    state = torch.random.get_rng_state()
    yield
    torch.random.set_rng_state(state)


@pytest.fixture(autouse=True)
def _heard(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is said reaches `caplog`, whatever was recorded in this process before."""
    monkeypatch.setattr(logging.getLogger("vizframe"), "propagate", True)


def loss_of(out: Any) -> Any:
    return functional.cross_entropy(out, data()[1][:8])


class Encoder(nn.Sequential): ...


class Decoder(nn.Sequential): ...


def parts() -> tuple[Encoder, Decoder]:
    torch.manual_seed(0)
    return Encoder(nn.Flatten(), nn.Linear(64, 5)), Decoder(nn.Linear(5, 64))


def one_after_the_other() -> Left:
    """As a trainer's step calls an encoder and a decoder; a loss has parameters of its own."""
    encoder, decoder = parts()
    centres = Centres()
    owned = [*decoder.parameters(), *encoder.parameters(), *centres.parameters()]
    optimizer = torch.optim.Adam(owned, lr=0.01)
    told = []
    for _ in range(3):
        optimizer.zero_grad()
        code = encoder(data()[0][:8])
        value = functional.mse_loss(decoder(code), data()[0][:8].flatten(1)) + centres(code)
        value.backward()
        optimizer.step()
        told.append(value.item())
    return left_by([encoder, decoder, centres], [optimizer], told)


class Centres(nn.Module):
    """A loss that learns, too."""

    def __init__(self) -> None:
        super().__init__()
        self.kept = nn.Parameter(torch.zeros(3, 5))

    def forward(self, code: Any) -> Any:
        return (code[:, None] - self.kept).square().mean()


def test_every_net_that_one_optimiser_updates_is_seen() -> None:
    told, left = observe(one_after_the_other)
    assert_same(start(one_after_the_other), left)
    assert [type(each) for each in told.before] == [Decoder, Encoder] or [
        type(each) for each in told.before
    ] == [Encoder, Decoder]
    shapes = {type(each): told.batches[id(each)].inputs.shape for each in told.before}
    assert shapes == {Encoder: (8, 1, 8, 8), Decoder: (8, 5)}
    for kind in (Encoder, Decoder):
        seen = [each[1]["loss"] for each in told.after if type(each[0]) is kind]
        assert seen == pytest.approx(left["told"])


def test_a_loss_with_an_optimiser_of_its_own_is_no_net(caplog: pytest.LogCaptureFixture) -> None:
    def training() -> Left:
        encoder, centres = parts()[0], Centres()
        optimizers = [torch.optim.SGD(each.parameters(), lr=0.1) for each in (encoder, centres)]
        for _ in range(3):
            centres(encoder(data()[0][:8])).backward()
            for each in optimizers:
                each.step()
                each.zero_grad()
        return left_by([encoder, centres], optimizers, [])

    told, left = observe(training)
    assert_same(start(training), left)
    assert [type(each) for each in told.before] == [Encoder]
    assert len(told.after) == 3
    assert not caplog.messages


def an_optimiser_each() -> Left:
    """Features and a head: one backward pass, and the loss is that of both."""
    nets = parts()
    optimizers = [torch.optim.SGD(each.parameters(), lr=0.1) for each in nets]
    told = []
    for _ in range(3):
        for each in optimizers:
            each.zero_grad()
        value = nets[1](nets[0](data()[0][:8])).square().mean()
        value.backward()
        for each in optimizers:
            each.step()
        told.append(value.item())
    return left_by(list(nets), optimizers, told)


def test_of_two_nets_behind_each_other_both_have_the_loss() -> None:
    told, left = observe(an_optimiser_each)
    for kind in (Encoder, Decoder):
        seen = [each[1]["loss"] for each in told.after if type(each[0]) is kind]
        assert seen == pytest.approx(left["told"])


def two_over_one_net(held: list[bool | None] | None = None) -> Left:
    """One optimiser for the convolution and one for the rest, as of sparse and dense weights; the
    second steps at every second update."""
    net = small_net()
    one = torch.optim.SGD(net[0].parameters(), lr=0.1)
    two = torch.optim.Adam([*net[1].parameters(), *net[6].parameters()], lr=0.01)
    told = []
    for step in range(6):
        value = loss_of(net(data()[0][:8]))
        one.zero_grad()
        two.zero_grad()
        value.backward()
        one.step()
        if step < 2 or step % 2:
            two.step()
        told.append(value.item())
    if held is not None:
        held += [is_held(each) for each in net.parameters()]
    return left_by([net], [one, two], told)


def in_a_hook() -> Left:
    """Each parameter has its own optimiser, which steps as soon as the gradient is there."""
    net = small_net()
    optimizers = {each: torch.optim.SGD([each], lr=0.1) for each in net.parameters()}

    def step(parameter: Any) -> None:
        optimizers[parameter].step()
        optimizers[parameter].zero_grad()

    for each in net.parameters():
        each.register_post_accumulate_grad_hook(step)
    told = []
    for _ in range(6):
        value = loss_of(net(data()[0][:8]))
        value.backward()
        told.append(value.item())
    return left_by([net], list(optimizers.values()), told)


@pytest.mark.parametrize("training", [two_over_one_net, in_a_hook])
def test_steps_that_follow_one_backward_pass_are_one_update_of_the_net(
    training: Callable[[], Left], caplog: pytest.LogCaptureFixture
) -> None:
    told, left = observe(training)
    assert_same(start(training), left)
    assert len(told.before) == 1
    assert [each[1]["loss"] for each in told.after] == pytest.approx(left["told"])
    assert not caplog.messages


def test_what_the_second_optimiser_holds_is_held() -> None:
    held: list[bool | None] = []
    observe(lambda: two_over_one_net(held))
    assert held == [True] * 6


def test_an_update_is_over_with_its_last_step() -> None:
    told: list[int] = []
    rounds = UpdateRounds()

    def step(optimizer: int, passes: int) -> None:
        rounds.begin(optimizer, passes)
        rounds.end(optimizer, lambda: told.append(passes))

    step(1, 1)
    assert told == [1]  # that another follows is not known yet
    step(2, 1)
    step(1, 2)
    assert told == [1]
    step(2, 2)
    assert told == [1, 2]
    step(1, 3)
    step(1, 4)  # the other has not come this time
    assert told == [1, 2, 3, 4]
    step(2, 5)  # each by turns
    step(1, 6)
    assert told == [1, 2, 3, 4, 5, 6]
    step(1, 6)  # without a pass between
    assert told == [1, 2, 3, 4, 5, 6, 6]


class Plain(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.dense = nn.Conv2d(1, 4, 3), nn.Linear(144, 3)

    def forward(self, images: Any, *more: Any, scale: float = 1.0, **named: Any) -> Any:
        return self.dense(self._features(images, scale).flatten(1))

    def _features(self, images: Any, scale: float) -> Any:
        return functional.relu(self.conv(images) * scale)


def by_forward() -> Left:
    torch.manual_seed(0)
    net = Plain()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    told = []
    for step in range(6):
        optimizer.zero_grad()
        value = loss_of(net.forward(data()[0][step : step + 8], scale=0.5))
        value.backward()
        optimizer.step()
        told.append(value.item())
    return left_by([net], [optimizer], told)


def test_a_net_that_is_called_by_its_forward_is_seen_whole(
    caplog: pytest.LogCaptureFixture,
) -> None:
    before = Plain.forward
    told, left = observe(by_forward)
    assert_same(start(by_forward), left)
    assert Plain.forward is before
    (net,) = told.before
    assert type(net) is Plain
    batch = told.batches[id(net)]
    assert np.array_equal(batch.inputs, data()[0][:8].numpy())
    assert {name: each.value for name, each in batch.call.others.items()} == {"scale": 0.5}
    assert [each[1]["loss"] for each in told.after] == pytest.approx(left["told"])
    assert not caplog.messages


def accumulating(parts: int) -> Callable[[], Left]:
    def training() -> Left:
        net = small_net()
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        told = []
        for _ in range(3):
            values = [loss_of(net(data()[0][n : n + 8])) / parts for n in range(parts)]
            for each in values:
                each.backward()
            optimizer.step()
            optimizer.zero_grad()
            told.append(sum(each.item() for each in values))
        return left_by([net], [optimizer], told)

    return training


def looking_around() -> Left:
    """A first pass, after whose gradients the weights are moved, counts for nothing; nor does one
    whose update is left out."""
    net = small_net()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    told = []
    for step in range(3):
        for _ in range(1 if step == 0 else 3):
            optimizer.zero_grad()
            value = loss_of(net(data()[0][:8]))
            value.backward()
        optimizer.step()
        told.append(value.item())
    return left_by([net], [optimizer], told)


def in_closures() -> Left:
    """As Lightning accumulates: the last pass is made by the closure of the step. Weights that a
    closure tries count for nothing."""
    net = small_net()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    told = []

    def run(batch: int) -> Any:
        value = loss_of(net(data()[0][batch : batch + 8])) / 2
        value.backward()
        return value

    for tries in (1, 1, 3):
        first = run(0).item()
        values: list[float] = []

        def closure(values: list[float] = values, tries: int = tries) -> Any:
            for _ in range(tries):
                last = run(1)
            values.append(last.item())
            return last

        optimizer.step(closure)
        optimizer.zero_grad()
        told.append(first + values[-1])
    return left_by([net], [optimizer], told)


@pytest.mark.parametrize("training", [accumulating(3), looking_around, in_closures])
def test_the_loss_of_an_update_is_that_of_all_passes_whose_gradients_it_has(
    training: Callable[[], Left],
) -> None:
    told, left = observe(training)
    assert [each[1]["loss"] for each in told.after] == pytest.approx(left["told"])


@pytest.mark.parametrize("shape", [(8, 16), (8, 100, 1, 1)])
def test_noise_has_no_labels_of_the_images_beside_it(shape: tuple[int, ...]) -> None:
    def training() -> Left:
        size = shape[1]
        net = nn.Sequential(nn.Flatten(), nn.Linear(size, 64), nn.Unflatten(1, (1, 8, 8)))
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        for images, _ in DataLoader(TensorDataset(*data()), batch_size=8):
            functional.mse_loss(net(torch.randn(shape)), images).backward()
            optimizer.step()
        return left_by([net], [optimizer], [])

    (batch,) = observe(training)[0].batches.values()
    assert batch.labels is None


@pytest.mark.parametrize(
    "change",
    [lambda x: x.flatten(1), lambda x: functional.interpolate(x, size=16), lambda x: x * 2],
)
def test_images_that_were_changed_have_their_labels(change: Callable[[Any], Any]) -> None:
    def training() -> Left:
        net = nn.Sequential(nn.Flatten(), nn.LazyLinear(1))
        net(change(data()[0][:8]))
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        for images, _ in DataLoader(TensorDataset(*data()), batch_size=8):
            net(change(images)).square().mean().backward()
            optimizer.step()
        return left_by([net], [optimizer], [])

    (batch,) = observe(training)[0].batches.values()
    assert np.array_equal(batch.labels, data()[1][:8].numpy())  # type: ignore[arg-type]


class Passing(nn.Module):
    """As a trainer's wrapper: it gives on whatever it is called with, to one of two that are one
    inside of the other."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self._wrapped, self._original = nn.DataParallel(net), net

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        return self._wrapped(*args, **kwargs)


class Changing(Passing):
    """What else it is given may change what it gives on."""

    def forward(self, images: Any, factor: float = 2.0) -> Any:
        return self._wrapped(images * factor)


class Holding(Passing):
    """Something of its own is beside what it gives on to."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__(net)
        self.scale = nn.Parameter(torch.ones(1))


class Listing(Passing):
    """Its first child is none that is called."""

    def __init__(self, net: nn.Module) -> None:
        nn.Module.__init__(self)
        self.kept = nn.ParameterList(net.parameters())


@pytest.mark.parametrize(
    ("kind", "is_wrapper"),
    [(Passing, True), (Changing, False), (Holding, False), (Listing, False)],
)
def test_a_wrapper_is_a_module_that_only_gives_on_what_it_is_called_with(
    kind: type[nn.Module], is_wrapper: bool
) -> None:
    net = small_net()
    wrapper = kind(net)
    assert inner_of(wrapper) is (net if is_wrapper else wrapper)


def test_of_a_wrapped_net_the_net_is_told_of() -> None:
    def training() -> Left:
        net = small_net()
        wrapper = Passing(net)
        optimizer = torch.optim.SGD(wrapper.parameters(), lr=0.1)
        for images, _ in DataLoader(TensorDataset(*data()), batch_size=8):
            loss_of(wrapper(images)).backward()
            optimizer.step()
        return left_by([net], [optimizer], [])

    told, _ = observe(training)
    (net,) = told.before
    assert type(net) is nn.Sequential
    assert told.batches[id(net)].inputs.shape == (8, 1, 8, 8)
    assert optimiser(net).hyper_parameters == optimiser(Passing(net)).hyper_parameters
    assert optimiser(net).hyper_parameters["optimiser"] == "sgd"


def test_a_net_that_is_given_an_object_of_another_kind_is_told_what_it_can_be_given(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Graph:
        """It draws what a net asks for."""

        def rows(self) -> Any:
            return torch.rand(4, 3)

    class Net(nn.Linear):
        def forward(self, graph: Any) -> Any:
            return super().forward(graph.rows())

    def training() -> None:
        net = Net(3, 2)
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        for _ in range(2):
            net(Graph()).sum().backward()
            optimizer.step()

    watch = Watch(Config(run=str(tmp_path / "run")), "train")
    watch.begin()
    training()
    watch.end(failed=False)
    assert caplog.messages == [
        "the network 'Net' was given no tensor since its last update but Graph; it can be given "
        "tensors, or lists and dicts of them; training goes on without the recording"
    ]
