"""What the PyTorch adapter costs, and gains, beside loops that people write by hand.

    OMP_NUM_THREADS=1 python -m benchmarks.torch_adapter --cpu [--only watching]

exact field   a climb for 64 units of VGG-16 conv3_3 on their fields, over lucent's way (the whole
              net on the whole image, a unit at a time)
whole image   a climb for the mean of 2 units on whole images, over a loop written by hand: the net
              cut behind the layer, parameters frozen, one batch
watching      a training step of a small net that is watched and records nothing, over one alone:
              by the adapter, whose observer wants the batch of every tenth update, and by
              `vizframe record` whose plugins are never due, with vitals (whose credit of a second
              a run this short spends as it likes: benchmarks.diagnosis_cost) and without
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import nn

from benchmarks.clock import now
from benchmarks.command import command_line
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
from vizframe.recording.autostart import Watch
from vizframe.recording.config import Config, for_script
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
    """An observer that is told, and looks at the batch as often as a recorder does."""

    guard = Guard(strict=True)
    updates = 0

    def note(self, name: str, value: object) -> None: ...

    def before_update(self, model: object, batch: Callable[[], Batch]) -> None:
        if self.wants_batch(model):
            batch()

    def wants_batch(self, model: object) -> bool:
        return self.updates % 10 == 0

    def after_update(
        self, model: object, scalars: Mapping[str, object], epoch: float | None
    ) -> None:
        self.updates += 1


class SmallTraining:
    """A step of four milliseconds, in five modules and a loss; or of a quarter of one."""

    def __init__(self, *, tiny: bool) -> None:
        torch.manual_seed(0)
        sides = (8, 4) if tiny else (2704, 16)
        net = nn.Sequential(
            nn.Linear(8, 8) if tiny else nn.Conv2d(1, 16, 3),
            nn.ReLU(),
            nn.Identity() if tiny else nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(sides[0], 10),
        )
        self.net, self.loss = net, nn.CrossEntropyLoss()
        self.optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
        self.images = torch.rand(32, 8) if tiny else torch.rand(32, 1, 28, 28)
        self.labels = torch.randint(0, 10, (32,))

    def steps(self, count: int) -> float:
        """Seconds of so many."""
        begun = now()
        for _ in range(count):
            self.optimizer.zero_grad()
            self.loss(self.net(self.images), self.labels).backward()
            self.optimizer.step()
        return now() - begun


@contextmanager
def by_adapter() -> Iterator[None]:
    end = watch_trainings(Nobody())
    try:
        yield
    finally:
        end()


@contextmanager
def by_record(vitals: int) -> Iterator[None]:
    """As `vizframe record` does, nothing being due after the first step."""
    with TemporaryDirectory() as folder:
        chosen = Config(
            every=10**9, run=f"{folder}/run", plugins=("weights",), vitals=vitals, strict=True
        )
        watch = Watch(for_script(chosen), "train")
        watch.begin()
        try:
            yield
        finally:
            watch.end(failed=True)


WAYS: Mapping[str, Callable[[], AbstractContextManager[None]]] = {
    "adapter": by_adapter,
    "record without vitals": lambda: by_record(0),
    "record": lambda: by_record(10),
}


def tell_watching(*, tiny: bool, steps: int, rounds: int = 15) -> None:
    """What each way adds to a step. The first steps, in which a recorder looks at every batch,
    are not counted; what is least disturbed of many rounds is compared, in turn."""
    for name, way in WAYS.items():
        alone: list[float] = []
        watched: list[float] = []
        for _ in range(rounds):
            training = SmallTraining(tiny=tiny)
            training.steps(20)
            alone += [training.steps(10) / 10 for _ in range(steps // 10)]
            with way():
                training = SmallTraining(tiny=tiny)
                training.steps(310)
                watched += [training.steps(10) / 10 for _ in range(steps // 10)]
        ratio = median(watched) / median(alone)
        least = 1e6 * (min(watched) - min(alone))
        print(f"{name}: {1e6 * min(alone):.0f} µs alone, {least:+.1f} µs, median {ratio:.3f}")
        if not tiny and name != "record":
            claim(
                f"watching by {name}: a step, over one alone", min(watched) / min(alone), "≤ 1.01"
            )


def main() -> None:
    words = command_line(__doc__, clock=True)
    words.add_argument("--only", choices=["watching"])
    given = words.parse_args()
    tell_watching(tiny=True, steps=400)
    tell_watching(tiny=False, steps=60, rounds=7)
    if given.only:
        return
    net = vgg16()
    network = view(net, (3, 224, 224))
    usual = UsualWay(net, LAYER)
    usual.climb(0, 1)
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
