"""Gradient ascent of VGG-16 and ResNet-18 units, beside PyTorch doing it the usual way.

    python -m benchmarks.ascent_against_usual [--quick] [--cpu]

Both climb on the same random weights, and both are first seen to give the same gradient. Counted
are unit-iterations per second: vizframe's whole climb, Yosinski's regularisers included, on the
units' exact receptive fields in batches; PyTorch's on the full 224² image, a unit at a time.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from statistics import median
from typing import Any

# MXNet takes half the cores for itself unless it is told otherwise; PyTorch takes all.
os.environ.setdefault("OMP_NUM_THREADS", str(os.cpu_count() or 1))

import numpy as np
import torch
from torch import nn

from benchmarks.clock import now, on_processor
from benchmarks.command import command_line
from benchmarks.side_by_side import claim
from benchmarks.usual_way import UsualWay, resnet18, take_weights, vgg16
from vizframe.ascent.gallery import Question, ascend
from vizframe.ascent.pixels import Pixels
from vizframe.ascent.recipe import Recipe
from vizframe.gluon.compat import mx
from vizframe.gluon.network import GluonNetwork
from vizframe.network import Network, Objective
from vizframe.network.probe import Normalization

IMAGENET = Normalization((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
SHAPE = (3, 224, 224)


@dataclass(frozen=True)
class Case:
    """One layer: its name here and there, how many units are climbed at once, and the goal."""

    title: str
    layer: str
    usual_layer: str
    units: int
    goal: float


VGG = (
    Case("VGG-16 conv3_3", "features.14", "features.14", 64, 30),
    Case("VGG-16 conv4_3", "features.21", "features.21", 16, 8),
    Case("VGG-16 conv5_3", "features.28", "features.28", 4, 2.5),
)
RESNET = (
    Case("ResNet-18 stage 1", "features.4", "stage1", 64, 1),
    Case("ResNet-18 stage 2", "features.5", "stage2", 32, 1),
    Case("ResNet-18 stage 3", "features.6", "stage3", 16, 1),
)


def recipe(iterations: int) -> Recipe:
    """Yosinski's third, the one of most of the paper's figures."""
    return Recipe(iterations, "rate", rate=100.0, decay=0.0001, blur=1.0)


def same_model(name: str) -> tuple[Network, nn.Module]:
    """A model of Gluon's zoo with random weights, and the same in PyTorch."""
    mx.random.seed(0)
    net = getattr(mx.gluon.model_zoo.vision, name)()
    net.initialize(mx.init.MSRAPrelu(slope=0))
    net(mx.nd.zeros((1, *SHAPE)))
    other = vgg16() if name == "vgg16" else resnet18()
    weights = {key: value.data().asnumpy() for key, value in net.collect_params().items()}
    with torch.no_grad():
        take_weights(other, weights)
    mx.nd.waitall()
    return GluonNetwork.of(net, SHAPE), other


def disagreement(network: Network, usual: UsualWay, case: Case) -> float:
    """The largest difference between the two gradients, over the largest gradient."""
    layer = network.layer(case.layer)
    image = np.random.default_rng(0).standard_normal(SHAPE, np.float32)
    unit = usual.strongest(image)
    whole = usual.gradient(image, unit)
    with network.excitation(Objective.of(layer.name, [unit])) as excitation:
        height, width = excitation.shape[2:]
        top, left = _corner(layer.receptive_field, layer.shape)
        inner = (slice(None), slice(top, top + height), slice(left, left + width))
        _, gradient = excitation.evaluate(excitation.ops.to_device(image[inner][None]))
        found = excitation.ops.to_numpy(gradient)[0]
    return float(abs(found - whole[inner]).max() / abs(whole).max())


def _corner(field: Any, shape: tuple[int, ...]) -> tuple[int, int]:
    top, left, _, _ = field.box(shape[1] // 2, shape[2] // 2)
    return max(top, 0), max(left, 0)


def ours(network: Network, case: Case, iterations: int) -> float:
    """Unit-iterations per second."""
    question = Question(network.layer(case.layer), recipe(iterations), Pixels.of(IMAGENET, 3))
    start = now()
    ascend(network, question, range(case.units))
    return case.units * iterations / (now() - start)


def theirs(usual: UsualWay, iterations: int) -> float:
    """Unit-iterations per second."""
    start = now()
    usual.climb(5, iterations)
    return iterations / (now() - start)


def compare(case: Case, network: Network, net: nn.Module, rounds: int) -> None:
    """Print one case: both rates, round by round in turn, and their ratio."""
    usual = UsualWay(net, case.usual_layer)
    frozen = UsualWay(net, case.usual_layer, frozen=True)
    apart = disagreement(network, usual, case)
    ours(network, case, 3), theirs(usual, 1), theirs(frozen, 1)
    rates = [(ours(network, case, 12), theirs(usual, 2), theirs(frozen, 2)) for _ in range(rounds)]
    mine, lucent, kind = (median(column) for column in zip(*rates, strict=True))
    print(
        f"{case.title}: vizframe {mine:.1f}, PyTorch {lucent:.2f}, its parameters frozen "
        f"{kind:.2f} unit-iterations/s; gradients differ by {apart:.0e}"
    )
    claim(f"{case.title}, over the usual way", median(m / t for m, t, _ in rates), f"≥ {case.goal}")
    claim(f"{case.title}, over it with frozen parameters", mine / kind, "≥ 1")


def main() -> None:
    words = command_line(__doc__, clock=True)
    words.add_argument("--quick", action="store_true", help="Fewer rounds.")
    given = words.parse_args()
    torch.set_num_threads(1 if on_processor else 2)
    rounds = 2 if given.quick else 5
    for name, cases in (("vgg16", VGG), ("resnet18_v1", RESNET)):
        network, net = same_model(name)
        for case in cases:
            compare(case, network, net, rounds)


if __name__ == "__main__":
    main()
