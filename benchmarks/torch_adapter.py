"""What the PyTorch adapter costs, and gains, beside loops that people write by hand.

    OMP_NUM_THREADS=1 python -m benchmarks.torch_adapter --cpu

exact field   a climb for 64 units of VGG-16 conv3_3 on their fields, over lucent's way (the whole
              net on the whole image, a unit at a time)
whole image   a climb for the mean of 2 units on whole images, over a loop written by hand: the net
              cut behind the layer, parameters frozen, one batch
watching      a training step of a small net that is watched and records nothing, over one alone
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from statistics import median
from typing import Any

import torch
from torch import nn

from benchmarks.clock import now
from benchmarks.side_by_side import claim
from benchmarks.usual_way import UsualWay, vgg16
from vizframe.ascent.climb import climb
from vizframe.ascent.noise import noise
from vizframe.ascent.pixels import Pixels
from vizframe.ascent.presets import PRESETS
from vizframe.ascent.recipe import parameterisation, parts
from vizframe.network import Network, Objective
from vizframe.network.adapter import Batch
from vizframe.network.guard import Guard
from vizframe.network.probe import Normalization
from vizframe.torch.training import watch_trainings
from vizframe.torch.view import view

IMAGENET = Pixels.of(Normalization((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)), 3)
LAYER = "features.14"


def climb_time(network: Network, units: int, iterations: int, *, whole: bool) -> float:
    """Seconds of a climb by Yosinski's third recipe, its first iteration not counted."""
    recipe = replace(PRESETS["yosinski-3"], iterations=iterations)
    objective = Objective.of(LAYER, range(units), "mean" if whole else "centre")
    with network.excitation(objective, exact_field=not whole) as opened:
        canvas = parameterisation(recipe, opened.ops, IMAGENET, opened.shape, 0)
        start = canvas.start(noise(0, range(units), opened.shape[1:]))
        opened.evaluate(canvas.picture(start))
        made = parts(recipe, opened, objective, IMAGENET)
        begun = now()
        climb(made, start, iterations)
        return now() - begun


def by_hand(net: Any, units: int, iterations: int) -> float:
    """Seconds of the same climb without vizframe's regularisers."""
    cut = net.features[:15]
    images = torch.randn(units, 3, 224, 224) * 0.01
    rows = torch.arange(units)

    def step(images: Any) -> Any:
        images = images.detach().requires_grad_()
        response = cut(images)[rows, rows].mean((1, 2)).sum()
        (gradient,) = torch.autograd.grad(response, images)
        return (images + 10 * gradient) * 0.9999

    images = step(images)
    begun = now()
    for _ in range(iterations):
        images = step(images)
    return now() - begun


class Nobody:
    """An observer that is told, and does nothing."""

    guard = Guard(strict=True)

    def note(self, name: str, value: object) -> None: ...

    def before_update(self, model: object, batch: Callable[[], Batch]) -> None: ...

    def after_update(
        self, model: object, scalars: Mapping[str, object], epoch: float | None
    ) -> None: ...


def step_time(steps: int) -> float:
    """Seconds of so many training steps, the nets being known."""
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Conv2d(1, 16, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(2704, 10)
    )
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
    images, labels = torch.rand(32, 1, 28, 28), torch.randint(0, 10, (32,))

    def step() -> None:
        optimizer.zero_grad()
        nn.functional.cross_entropy(net(images), labels).backward()
        optimizer.step()

    for _ in range(5):
        step()
    begun = now()
    for _ in range(steps):
        step()
    return now() - begun


def watched_step_time(steps: int) -> float:
    end = watch_trainings(Nobody())
    try:
        return step_time(steps)
    finally:
        end()


def main() -> None:
    net = vgg16()
    network = view(net, (3, 224, 224))
    usual = UsualWay(net, LAYER)
    usual.climb(0, 1)
    ratios = [watched_step_time(60) / step_time(60) for _ in range(7)]
    claim("watching: time of a step, over one alone", median(ratios), "≤ 1.01")
    fields, wholes = [], []
    for _ in range(2):
        begun = now()
        usual.climb(0, 1)
        alone = now() - begun
        fields.append(64 * alone / (climb_time(network, 64, 3, whole=False) / 3))
    claim("exact field: unit-iterations, over lucent's way", median(fields), "≥ 30")
    for parameter in net.parameters():
        parameter.requires_grad_(False)
    for _ in range(3):
        wholes.append(climb_time(network, 2, 2, whole=True) / by_hand(net, 2, 2))
    claim("whole image: time, over a loop by hand", median(wholes), "≤ 1.10")


if __name__ == "__main__":
    main()
