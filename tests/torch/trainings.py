"""Trainings in PyTorch as people write them, each of a few updates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
import torch.fx
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from tests.torch.small import Left, Training, data, functional, left_by, small_net
from tests.torch.trainings_watched import counted, observed, traced, with_another_forward


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
        counted,
        traced,
        observed,
        with_another_forward,
    )
}
