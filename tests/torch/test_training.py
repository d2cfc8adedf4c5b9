"""Trainings as people write them end bit for bit as they do alone, and are seen.

Each training is a function that makes its own nets, optimisers and data, and gives all that a
training leaves: weights, buffers, optimiser state, what it printed.
"""

from __future__ import annotations

import copy
import math
import pickle
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader

from tests.torch.observing import Told, observe, start
from tests.torch.small import Left, Training, data, functional, left_by, small_net
from tests.torch.trainings import TRAININGS, adversarial, scaled, with_closure, with_loader
from vizframe import store
from vizframe.network.adapter import Batch
from vizframe.recording.autostart import Watch
from vizframe.recording.config import Config
from vizframe.recording.recorder import Recorder
from vizframe.torch.optimiser import optimiser
from vizframe.torch.training import watch_trainings


@pytest.fixture(autouse=True)
def _same_start() -> Iterator[None]:
    state = torch.random.get_rng_state()
    yield
    torch.random.set_rng_state(state)


def record(training: Training, run: Path, wanted: str | None = None) -> tuple[Left, Watch]:
    """What the training leaves when it is recorded at every second step by all it can be."""

    chosen = Config(
        every=2,
        run=str(run),
        net=wanted,
        probe_images=4,
        strict=True,
    )
    watch = Watch(chosen, "train")
    watch.begin()
    try:
        left = start(training)
    except BaseException:
        watch.end(failed=True)
        raise
    watch.end(failed=False)
    return left, watch


def assert_same(one: Any, two: Any) -> None:
    """Bit for bit."""
    assert type(one) is type(two)
    if isinstance(one, torch.Tensor):
        assert one.dtype == two.dtype
        assert one.shape == two.shape
        assert one.numpy().tobytes() == two.numpy().tobytes()
    elif isinstance(one, Mapping):
        assert one.keys() == two.keys()
        for key in one:
            assert_same(one[key], two[key])
    elif isinstance(one, list | tuple):
        assert len(one) == len(two)
        for a, b in zip(one, two, strict=True):
            assert_same(a, b)
    else:
        assert one == two or (isinstance(one, float) and math.isnan(one) and math.isnan(two))


@pytest.mark.parametrize("name", TRAININGS)
def test_a_training_ends_bit_for_bit_as_it_does_alone(name: str, tmp_path: Path) -> None:
    alone = start(TRAININGS[name])
    watched, watch = record(TRAININGS[name], tmp_path / "run")
    assert_same(alone, watched)
    assert watch.saw_training
    history = store.open(tmp_path / "run")
    assert history.steps[0] == 0
    assert len(history.steps) >= 2
    assert not history.failures()
    assert {key.label for key in history.declarations} >= {"activation", "weights", "saliency"}


def test_labels_losses_rates_and_epochs_are_seen() -> None:
    told, left = observe(with_loader)
    (batch,) = told.batches.values()
    labels: npt.NDArray[np.int64] | None = batch.labels
    assert batch.inputs.shape == (8, 1, 8, 8)
    assert labels is not None
    images, known = data()
    for image, label in zip(batch.inputs, labels, strict=True):
        (row,) = [n for n in range(24) if np.array_equal(images[n].numpy(), image)]
        assert int(known[row]) == label
    assert [each[1]["loss"] for each in told.after] == pytest.approx(left["told"])
    assert {each[1]["learning_rate"] for each in told.after} == {0.01}
    assert [each[2] for each in told.after] == pytest.approx([1 / 3, 2 / 3, 1, 4 / 3, 5 / 3, 2])


def test_the_loss_of_a_scaled_training_is_the_one_before_it_was_scaled() -> None:
    told, left = observe(scaled)
    assert [each[1]["loss"] for each in told.after] == pytest.approx(left["told"])


KINDS = torch.nn.functional.one_hot(data()[1][:8], 3).float()
SOFT = torch.softmax(data()[0][:8, 0, 0, :3], 1)
REAL = data()[0][:8, 0, 0, :3].contiguous()


@pytest.mark.parametrize(
    ("loss", "targets", "is_labelled"),
    [
        (lambda out: functional.cross_entropy(out, data()[1][:8]), data()[1][:8], True),
        (
            lambda out: functional.nll_loss(out.log_softmax(1), data()[1][:8]),
            data()[1][:8],
            True,
        ),
        (
            lambda out: -out.log_softmax(1).gather(1, data()[1][:8, None]).mean(),
            data()[1][:8],
            True,
        ),
        (lambda out: functional.cross_entropy(out, SOFT), SOFT, False),
        (lambda out: functional.cross_entropy(out, KINDS, torch.rand(3)), KINDS, True),
        (lambda out: -(KINDS * out.log_softmax(1)).sum(1).mean(), KINDS, True),
        (
            lambda out: functional.kl_div(out.log_softmax(1), SOFT, reduction="batchmean"),
            SOFT,
            False,
        ),
        (lambda out: functional.binary_cross_entropy_with_logits(out, KINDS), KINDS, True),
        (lambda out: functional.mse_loss(out, REAL), REAL, False),
        (lambda out: functional.huber_loss(out, REAL), REAL, False),
    ],
)
def test_targets_of_functional_losses_of_raw_tensors_are_seen(
    loss: Callable[[Any], Any], targets: Any, is_labelled: bool
) -> None:
    batch = seen_with(loss)
    assert batch.targets is not None
    assert np.array_equal(batch.targets, targets.numpy().astype(np.float32))
    assert batch.outputs is not None
    assert batch.outputs().shape == (8, 3)
    assert (batch.labels is not None) == is_labelled
    if batch.labels is not None:
        assert np.array_equal(batch.labels, data()[1][:8])


@pytest.mark.parametrize(
    "loss",
    [
        lambda out: ((out - REAL) ** 2 * KINDS).mean(),  # a mask is no target
        lambda out: (out.softmax(1) * out.log_softmax(1)).mean(),
        lambda out: (out.log_softmax(1).logsumexp(1) * REAL[:, 0]).mean(),
    ],
)
def test_what_multiplies_anything_else_is_no_target(loss: Callable[[Any], Any]) -> None:
    batch = seen_with(loss)
    assert batch.targets is None
    assert batch.labels is None


def test_a_loss_comes_before_what_else_multiplies_log_probabilities() -> None:
    def loss(out: Any) -> Any:
        taught = (SOFT * out.log_softmax(1)).mean()
        return functional.cross_entropy(out, data()[1][:8]).mul(2).sub(taught)

    labels = seen_with(loss).labels
    assert labels is not None
    assert np.array_equal(labels, data()[1][:8])


@pytest.mark.filterwarnings("ignore:.*torch.jit.script.*:DeprecationWarning")
def test_a_loss_with_raw_tensors_can_be_scripted_while_it_is_watched() -> None:
    class Loss(nn.Module):
        def forward(self, out: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
            return functional.cross_entropy(out, labels)

    def training() -> Left:
        net = small_net()
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        torch.jit.script(Loss())(net(data()[0]), data()[1]).backward()
        optimizer.step()
        return left_by([net], [optimizer], [])

    assert_same(observe(training)[1], start(training))


def seen_with(loss: Callable[[Any], Any]) -> Batch:
    """The batch of a training by this loss of the outputs, without a loader."""

    def training() -> Left:
        net = small_net()
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        loss(net(data()[0][:8])).backward()
        optimizer.step()
        return left_by([net], [optimizer], [])

    (batch,) = observe(training)[0].batches.values()
    return batch


def test_both_nets_of_a_gan_are_seen_and_the_discriminator_on_real_images() -> None:
    told, _ = observe(adversarial)
    assert len(told.before) == 2
    discriminator = told.before[0]
    assert np.array_equal(told.batches[id(discriminator)].inputs, data()[0][:8].numpy())
    assert sum(each[0] is discriminator for each in told.after) == 4
    assert len(told.after) == 8


def test_a_closure_is_told_of_before_its_first_update_and_every_step_counts_once() -> None:
    told, _ = observe(with_closure)
    assert len(told.before) == 1
    assert len(told.after) == 4


def test_a_wanted_net_is_recorded_and_the_others_are_named(tmp_path: Path) -> None:
    class Generator(nn.Sequential):
        pass

    def training() -> Left:
        torch.manual_seed(0)
        nets = [small_net(1), Generator(nn.Flatten(), nn.Linear(64, 1))]
        optimizers = [torch.optim.SGD(each.parameters(), lr=0.1) for each in nets]
        for _ in range(3):
            for net, optimizer in zip(nets, optimizers, strict=True):
                optimizer.zero_grad()
                net(data()[0]).mean().backward()
                optimizer.step()
        return left_by(nets, optimizers, [])

    _, watch = record(training, tmp_path / "run", "Generator")
    assert watch.saw_training
    assert watch.left_out == ["Sequential"]


def test_what_the_optimiser_updates_beside_the_net_that_is_seen_is_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def training(whole: bool) -> Left:
        net, beside = small_net(), nn.Parameter(torch.zeros(1))
        optimizer = torch.optim.SGD([*net.parameters(), *([] if whole else [beside])], lr=0.1)
        for _ in range(3):
            optimizer.zero_grad()
            (net(data()[0]).mean() + beside.sum()).backward()
            optimizer.step()
        return left_by([net], [optimizer], [])

    observe(lambda: training(True))
    assert not caplog.messages
    observe(lambda: training(False))
    (told,) = caplog.messages
    assert told == (
        "of 7 parameters that the optimiser updates, 6 are those of Sequential, which is recorded; "
        "the others are of no module that is called by itself"
    )


def test_nothing_of_the_watch_is_left_behind() -> None:
    before = (nn.Module.__call__, torch.autograd.backward, DataLoader.__iter__)
    observe(with_loader)
    assert before == (nn.Module.__call__, torch.autograd.backward, DataLoader.__iter__)
    hooks: Any = sys.modules["torch.optim.optimizer"]
    assert not hooks._global_optimizer_pre_hooks
    assert not hooks._global_optimizer_post_hooks


def test_the_batch_of_every_update_can_be_asked_for() -> None:
    class Asking(Told):
        def before_update(self, model: object, batch: Callable[[], Batch]) -> None:
            self.before.append(batch())

    told = Asking()
    end = watch_trainings(told)
    try:
        start(with_loader)
    finally:
        end()
    assert len(told.before) == 6
    for each in told.before:
        assert isinstance(each, Batch)
        assert each.outputs is not None
        assert each.outputs().shape == (8, 3)
        assert each.targets is not None


def test_the_two_lines_record_as_well(tmp_path: Path) -> None:
    def training(run: Path | None) -> Left:
        net = small_net()
        optimizer = torch.optim.Adam(net.parameters())
        images, labels = data()
        recorder = None if run is None else Recorder(net, run, every=2, strict=True)
        for _ in range(5):
            optimizer.zero_grad()
            value = functional.cross_entropy(net(images[:8]), labels[:8])
            value.backward()
            optimizer.step()
            if recorder is not None:
                recorder.step(loss=value)
        if recorder is not None:
            recorder.finish()
        return left_by([net], [optimizer], [])

    alone = start(lambda: training(None))
    assert_same(alone, start(lambda: training(tmp_path / "run")))
    history = store.open(tmp_path / "run")
    assert len(history.steps) >= 2
    assert not history.failures()
    assert np.isfinite(history.scalars().values["loss"]).any()


class Rarely(Told):
    """An observer that wants the batch of every tenth update, as a recorder does."""

    asked = 0

    def before_update(self, model: object, batch: Callable[[], Batch]) -> None:
        if len(self.after) % 10 == 0:
            self.before.append(batch())

    def wants_batch(self, model: object) -> bool:
        return len(self.after) % 10 == 0


def deep_training(layers: int, updates: int = 31, count: Callable[[int], None] = print) -> Left:
    """A chain of so many modules; ``count`` is told of each update's number before it."""
    net = nn.Sequential(nn.Linear(4, 4), *(nn.Tanh() for _ in range(layers)), nn.Linear(4, 3))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    images, labels = torch.rand(8, 4), torch.arange(8) % 3
    for number in range(updates):
        count(number)
        optimizer.zero_grad()
        functional.cross_entropy(net(images), labels).backward()
        optimizer.step()
    count(updates)
    return left_by([net], [optimizer], [])


def own_calls_of(layers: int) -> list[int]:
    """How many functions of ours each update of a watched training calls."""
    calls = [0]

    def seen(frame: FrameType, event: str, _given: object) -> None:
        if event == "call" and "/vizframe/" in frame.f_code.co_filename:
            calls[-1] += 1

    told = Rarely()
    end = watch_trainings(told)
    before = sys.getprofile()
    sys.setprofile(seen)
    try:
        deep_training(layers, count=lambda _: calls.append(0))
    finally:
        sys.setprofile(before)
        end()
    assert [isinstance(each, Batch) for each in told.before] == [True] * 4
    return calls[1:-1]


def test_an_update_whose_batch_nobody_wants_costs_a_few_calls_however_deep_the_net_is() -> None:
    shallow, deep = own_calls_of(1), own_calls_of(40)
    assert deep[12:20] == shallow[12:20]
    assert max(deep[12:20]) <= 36
    assert max(deep[12:20]) < deep[10] < deep[0]


def test_a_class_whose_calls_were_seen_is_as_it_was() -> None:
    class Net(nn.Sequential):
        """Has a call of its own while it is trained, and none after that."""

    def training() -> Left:
        net = Net(nn.Linear(4, 3))
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        for _ in range(4):
            net(torch.rand(2, 4)).sum().backward()
            optimizer.step()
        assert ("__call__" in vars(Net)) == is_watched
        return left_by([net, copy.deepcopy(net), pickle.loads(pickle.dumps(net[0]))], [], [])

    is_watched = False
    alone = start(training)
    is_watched = True
    assert_same(alone, observe(training)[1])
    assert "__call__" not in vars(Net)


def test_what_a_net_raises_has_no_frame_of_ours() -> None:
    class Breaking(nn.Linear):
        def forward(self, x: Any) -> Any:
            if not x.any():
                raise ArithmeticError
            return super().forward(x)

    def training() -> Left:
        net = nn.Sequential(nn.Flatten(), Breaking(4, 3))
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        traces = []
        for _ in range(5):
            net(torch.rand(2, 4)).sum().backward()
            optimizer.step()
            with pytest.raises(ArithmeticError) as met:
                net(torch.zeros(2, 4))
            traces.append([str(each.path) for each in met.traceback])
        return left_by([net], [], traces)

    alone = start(training)
    assert_same(alone, observe(training)[1])


def test_a_net_with_an_optimiser_of_its_own_later_is_seen_from_its_first_update() -> None:
    def training() -> Left:
        nets = [small_net() for _ in range(3)]
        for net in nets:
            optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
            for _ in range(5):
                optimizer.zero_grad()
                functional.cross_entropy(net(data()[0]), data()[1]).backward()
                optimizer.step()
        return left_by(nets, [], [])

    told, left = observe(training)
    assert_same(start(training), left)
    assert len(told.before) == 3
    assert len(told.after) == 15


class Plain:
    """An optimiser as fastai has them: parameter groups and a step, but none of PyTorch's hooks."""

    def __init__(self, parameters: Any) -> None:
        self.param_groups: list[dict[str, Any]] = [
            {"params": list(parameters), "lr": 0.1, "wd": 0.25}
        ]

    def step(self) -> None:
        for group in self.param_groups:
            for each in group["params"]:
                each.data.add_(each.grad, alpha=-group["lr"])


def test_fastai_s_own_optimisers_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    library: Any = ModuleType("fastai.optimizer")
    library.Optimizer, step = Plain, Plain.step
    monkeypatch.setitem(sys.modules, "fastai.optimizer", library)
    known: list[Mapping[str, object]] = []

    def training() -> Left:
        net, (images, labels) = small_net(), data()
        optimizer = library.Optimizer(net.parameters())
        for _ in range(3):
            net.zero_grad()
            nn.functional.cross_entropy(net(images), labels).backward()
            optimizer.step()
        known.append(optimiser(net).hyper_parameters)
        return left_by([net], [], [])

    alone = start(training)
    told, watched = observe(training)
    assert_same(alone, watched)
    assert [each[1]["learning_rate"] for each in told.after] == [0.1] * 3
    assert (known[1]["weight_decay"], known[1]["optimiser"]) == (0.25, "plain")
    assert Plain.step is step


class Variable:
    """As Keras has them on PyTorch: around a parameter."""

    def __init__(self, value: Any) -> None:
        self.value = value


class Descent:
    """An optimiser as Keras has them: it is given gradients and variables."""

    learning_rate, momentum, weight_decay = 0.1, 0.0, None

    def apply(self, grads: list[Any], trainable_variables: list[Variable]) -> None:
        for gradient, each in zip(grads, trainable_variables, strict=True):
            each.value.data.sub_(self.learning_rate * gradient)


class CalledAsKeras(nn.Module):
    """Takes what it likes, and is told that it is trained; has dropout then."""

    def __init__(self) -> None:
        super().__init__()
        self.out = nn.Linear(64, 3)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        return self.out(functional.dropout(args[0].flatten(1), 0.5, kwargs["training"]))


def test_keras_s_own_optimisers_are_seen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    library: Any = ModuleType("keras.src.optimizers.base_optimizer")
    library.BaseOptimizer, apply = Descent, Descent.apply
    monkeypatch.setitem(sys.modules, "keras.src.optimizers.base_optimizer", library)

    def training() -> Left:
        net, (images, labels) = CalledAsKeras(), data(8)
        optimizer = library.BaseOptimizer()
        variables = [Variable(each) for each in net.parameters()]
        for _ in range(4):
            net.zero_grad()
            functional.cross_entropy(net(images, training=True), labels).backward()
            optimizer.apply([each.value.grad for each in variables], variables)
        return left_by([net], [], [])

    alone = start(training)
    told, watched = observe(training)
    assert_same(alone, watched)
    assert [each[1]["learning_rate"] for each in told.after] == [0.1] * 4
    recorded, watch = record(training, tmp_path / "run")
    assert_same(alone, recorded)
    assert watch.saw_training
    history = store.open(tmp_path / "run")
    assert history.steps[0] == 0
    assert not history.failures()
    assert history.info.hyper_parameters["optimiser"] == "descent"
    assert Descent.apply is apply
