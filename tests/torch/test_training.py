"""Trainings as people write them end bit for bit as they do alone, and are seen.

Each training is a function that makes its own nets, optimisers and data, and gives all that a
training leaves: weights, buffers, optimiser state, what it printed.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from vizframe import store
from vizframe.network.adapter import Batch
from vizframe.network.guard import Guard
from vizframe.recording.autostart import Watch
from vizframe.recording.config import Config
from vizframe.recording.recorder import Recorder
from vizframe.torch.training import watch_trainings

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


def left_by(nets: list[Any], optimizers: list[Any], told: list[float]) -> Left:
    states = [each.state_dict() for each in (*nets, *optimizers)]
    return {"states": states, "told": told, "random": torch.rand(3)}


def with_loader() -> Left:
    """The usual loop: a DataLoader that shuffles, Adam, a loss module."""
    net, loss = small_net(), nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    told = []
    for _ in range(2):
        for images, labels in DataLoader(TensorDataset(*data()), batch_size=8, shuffle=True):
            optimizer.zero_grad()
            value = loss(net(images), labels)
            value.backward()
            optimizer.step()
            told.append(value.item())
    return left_by([net], [optimizer], told)


def by_hand() -> Left:
    """Raw tensors, a functional net, momentum, a schedule."""

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.randn(5, 1, 3, 3))
            self.out = nn.Linear(5, 3)

        def forward(self, x: Any) -> Any:
            x = functional.relu(functional.conv2d(x, self.weight, padding=1))
            return self.out(functional.dropout(x.mean((2, 3)), 0.2, self.training))

    torch.manual_seed(3)
    net = Net()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9, foreach=True)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 2)
    images, labels = data()
    told = []
    for step in range(6):
        rows = torch.randperm(24)[:8]
        value = functional.cross_entropy(net(images[rows]), labels[rows])
        optimizer.zero_grad(set_to_none=bool(step % 2))
        value.backward()
        optimizer.step()
        schedule.step()
        told.append(value.item())
    return left_by([net], [optimizer], told)


def accumulating() -> Left:
    """Gradients of three batches make one update; clipped."""
    net = small_net()
    optimizer = torch.optim.AdamW(net.parameters(), lr=0.01)
    images, labels = data()
    told = []
    for step in range(6):
        value = functional.cross_entropy(net(images[step : step + 8]), labels[step : step + 8]) / 3
        value.backward()
        if step % 3 == 2:
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad()
        told.append(value.item())
    return left_by([net], [optimizer], told)


def with_closure() -> Left:
    """LBFGS, whose net is first seen inside of its step."""
    net = nn.Sequential(nn.Flatten(), nn.Linear(64, 3))
    torch.manual_seed(0)
    nn.init.normal_(net[1].weight)
    optimizer = torch.optim.LBFGS(net.parameters(), lr=0.1, max_iter=4)
    images, labels = data()
    told: list[float] = []

    def closure() -> Any:
        optimizer.zero_grad()
        value = functional.cross_entropy(net(images), labels)
        value.backward()
        told.append(value.item())
        return value

    for _ in range(4):
        optimizer.step(closure)
    return left_by([net], [optimizer], told)


def adversarial() -> Left:
    """A GAN: two nets, two optimisers, and a discriminator that sees real and fake images."""
    torch.manual_seed(0)
    generator = nn.Sequential(
        nn.Linear(4, 64), nn.Unflatten(1, (1, 8, 8)), nn.ConvTranspose2d(1, 1, 3, padding=1)
    )
    discriminator = nn.Sequential(
        nn.Conv2d(1, 3, 3), nn.LeakyReLU(), nn.Flatten(), nn.Linear(108, 1)
    )
    loss = nn.BCEWithLogitsLoss()
    optimizers = [torch.optim.Adam(each.parameters()) for each in (generator, discriminator)]
    images, _ = data()
    told = []
    for _ in range(4):
        fakes = generator(torch.randn(8, 4))
        optimizers[1].zero_grad()
        one = loss(discriminator(images[:8]), torch.ones(8, 1))
        two = loss(discriminator(fakes.detach()), torch.zeros(8, 1))
        (one + two).backward()
        optimizers[1].step()
        optimizers[0].zero_grad()
        value = loss(discriminator(fakes), torch.ones(8, 1))
        value.backward()
        optimizers[0].step()
        told += [one.item(), two.item(), value.item()]
    return left_by([generator, discriminator], optimizers, told)


def scaled() -> Left:
    """Automatic casts to bfloat16, with a scaler for the gradients."""
    net = small_net()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    scaler = torch.amp.GradScaler("cpu", init_scale=64.0)
    images, labels = data()
    told = []
    for _ in range(4):
        optimizer.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            value = functional.cross_entropy(net(images[:8]), labels[:8])
        scaler.scale(value).backward()
        scaler.step(optimizer)
        scaler.update()
        told.append(value.item())
    return left_by([net], [optimizer], told)


def compiled() -> Left:
    """A compiled net, called in its own way."""
    net = small_net()
    fast = torch.compile(net, backend="eager")
    optimizer = torch.optim.RMSprop(fast.parameters(), lr=0.01)
    images, labels = data()
    told = []
    for _ in range(4):
        optimizer.zero_grad()
        value = functional.cross_entropy(fast(images[:8]), labels[:8])
        value.backward()
        optimizer.step()
        told.append(value.item())
    return left_by([net], [optimizer], told)


def checkpointed() -> Left:
    """Activations are computed again in the backward pass, random numbers too."""

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Dropout(0.5))
            self.last = nn.Linear(144, 3)

        def forward(self, x: Any) -> Any:
            x = torch.utils.checkpoint.checkpoint(self.first, x, use_reentrant=False)
            return self.last(x.flatten(1))

    torch.manual_seed(0)
    net = Net()
    optimizer = torch.optim.Adagrad(net.parameters())
    images, labels = data()
    told = []
    for _ in range(4):
        optimizer.zero_grad()
        value = functional.cross_entropy(net(images[:8]), labels[:8])
        value.backward()
        optimizer.step()
        told.append(value.item())
    return left_by([net], [optimizer], told)


def two_inputs() -> Left:
    """A net of images and a vector beside them, called by keyword."""

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(1, 4, 3)
            self.out = nn.Linear(4 + 2, 3)

        def forward(self, images: Any, *, extra: Any, scale: float = 1.0) -> Any:
            seen = self.conv(images).amax((2, 3)) * scale
            return {"logits": self.out(torch.cat([seen, extra], 1))}

    torch.manual_seed(0)
    net = Net()
    optimizer = torch.optim.NAdam(net.parameters())
    images, labels = data()
    told = []
    for _ in range(4):
        optimizer.zero_grad()
        extra = torch.rand(8, 2)
        logits = net(images=images[:8], extra=extra, scale=2.0)["logits"]
        value = functional.cross_entropy(logits, labels[:8])
        value.backward()
        optimizer.step()
        told.append(value.item())
    return left_by([net], [optimizer], told)


def with_hooks() -> Left:
    """Hooks of the user's own, frozen layers, weight normalization, two groups of parameters."""
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.utils.parametrizations.weight_norm(nn.Conv2d(1, 4, 3)),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(144, 3),
    )
    net[0].bias.requires_grad_(False)
    told: list[float] = []
    net[1].register_forward_hook(lambda _m, _i, output: told.append(float(output.detach().sum())))
    net[3].register_full_backward_hook(lambda _m, _i, output: told.append(float(output[0].sum())))
    optimizer = torch.optim.SGD(
        [
            {"params": [each for each in net[0].parameters() if each.requires_grad], "lr": 0.01},
            {"params": net[3].parameters()},
        ],
        lr=0.1,
        weight_decay=0.01,
    )
    images, labels = data()
    for _ in range(4):
        optimizer.zero_grad()
        functional.cross_entropy(net(images[:8]), labels[:8]).backward()
        optimizer.step()
    return left_by([net], [optimizer], told)


def tokens() -> Left:
    """A small transformer on patches, with dropout and an average of its own weights."""

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.patch = nn.Conv2d(1, 8, 2, 2)
            self.token = nn.Parameter(torch.zeros(1, 1, 8))
            self.place = nn.Parameter(torch.randn(1, 17, 8))
            self.block = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
            self.out = nn.Linear(8, 3)

        def forward(self, x: Any) -> Any:
            x = self.patch(x).flatten(2).transpose(1, 2)
            x = torch.cat([self.token.expand(x.shape[0], -1, -1), x], 1) + self.place
            return self.out(self.block(x)[:, 0])

    torch.manual_seed(0)
    net = Net()
    average = torch.optim.swa_utils.AveragedModel(net)
    optimizer = torch.optim.AdamW(net.parameters(), lr=0.01)
    images, labels = data()
    told = []
    for _ in range(4):
        optimizer.zero_grad()
        value = functional.cross_entropy(net(images[:8]), labels[:8])
        value.backward()
        optimizer.step()
        average.update_parameters(net)
        told.append(value.item())
    return left_by([net, average], [optimizer], told)


TRAININGS: Mapping[str, Training] = {
    each.__name__: each
    for each in (
        with_loader,
        by_hand,
        accumulating,
        with_closure,
        adversarial,
        scaled,
        compiled,
        checkpointed,
        two_inputs,
        with_hooks,
        tokens,
    )
}


@pytest.fixture(autouse=True)
def _same_start() -> Iterator[None]:
    state = torch.random.get_rng_state()
    yield
    torch.random.set_rng_state(state)


def start(training: Training) -> Left:
    torch.manual_seed(7)
    return training()


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
        assert one == two or (math.isnan(one) and math.isnan(two))


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


class Told:
    """An observer that writes down what it is told."""

    def __init__(self) -> None:
        self.guard = Guard(strict=True)
        self.before: list[object] = []
        self.batches: dict[int, Batch] = {}
        self.after: list[tuple[object, dict[str, float], float | None]] = []

    def note(self, name: str, value: object) -> None:
        """Nothing is noted."""

    def before_update(self, model: object, batch: Callable[[], Batch]) -> None:
        if model not in self.before:
            self.before.append(model)
            self.batches[id(model)] = batch()

    def after_update(
        self, model: object, scalars: Mapping[str, object], epoch: float | None
    ) -> None:
        numbers = {name: float(each()) for name, each in scalars.items() if callable(each)}
        self.after.append((model, numbers, epoch))


def observe(training: Training) -> tuple[Told, Left]:
    told = Told()
    end = watch_trainings(told)
    try:
        return told, start(training)
    finally:
        end()


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
