"""Every preset on 64 units of VGG-16's conv2_2, beside the bare forward and backward it needs.

    python benchmarks/presets.py [--iterations 100] [PRESET …]

The weights are random, which costs the same as trained ones. The bare time is that of evaluating
the same images as often, without doing anything about it. What must be reached: `yosinski-3`, 100
iterations, in under 20 s on two cores, and 1.15 times the bare time at most.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import numpy as np

from benchmarks.command import command_line
from benchmarks.side_by_side import claim
from vizframe.ascent.gallery import Question, ascend
from vizframe.ascent.pixels import Pixels
from vizframe.ascent.presets import PRESETS, preset
from vizframe.gluon.compat import mx
from vizframe.gluon.network import GluonNetwork
from vizframe.network.probe import Normalization

IMAGENET = Normalization(mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))
UNITS = tuple(range(64))
ROUNDS = 3

Result = TypeVar("Result")


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("presets", nargs="*", default=list(PRESETS), metavar="PRESET")
    parser.add_argument("--iterations", type=int, default=100)
    given = parser.parse_args()
    network = vgg16()
    layer = [each for each in network.layers if each.operator == "Convolution"][3]
    pixels = Pixels.of(IMAGENET, 3)
    print(f"{layer.name}, {len(UNITS)} units, {given.iterations} iterations\n")
    print(f"{'preset':12} {'images':>18} {'climb s':>8} {'bare s':>8} {'ratio':>6}")
    for name in given.presets:
        recipe = replace(preset(name), iterations=given.iterations)
        measure(network, Question(layer, recipe, pixels), name)


def vgg16() -> GluonNetwork:
    mx.random.seed(0)
    net = mx.gluon.model_zoo.vision.vgg16()
    net.initialize(mx.init.Xavier())
    net(mx.nd.zeros((1, 3, 224, 224)))  # gives the parameters their shapes
    return GluonNetwork.of(net, input_shape=(3, 224, 224))


def measure(network: GluonNetwork, question: Question, name: str) -> None:
    """Climb and evaluate in turn, and print the best of each."""
    gallery = ascend(network, question, UNITS[:1])  # compiled, and the picture's shape known
    shape = gallery.outcome.images.shape[1:]
    climbs, bares = [], []
    for _ in range(ROUNDS):
        climbs.append(measure_time(lambda: ascend(network, question, UNITS))[0])
        bares.append(measure_time(lambda: evaluate(network, question))[0])
    ratio = min(climbs) / min(bares)
    print(
        f"{name:12} {len(UNITS)!s:>4} × {shape!s:>11} {min(climbs):8.2f} {min(bares):8.2f} "
        f"{ratio:6.2f}"
    )
    if name == "yosinski-3":
        claim("yosinski-3, seconds", min(climbs), "≤ 20", "s")
        claim("yosinski-3, climb over the bare forward and backward", ratio, "≤ 1.15")


def evaluate(network: GluonNetwork, question: Question) -> None:
    """As many evaluations of as many images as the climb makes."""
    size = min(network.batch_size(question.layer.name), len(UNITS))
    for first in range(0, len(UNITS), size):
        with question.excitation(network, UNITS[first : first + size], "plain") as excitation:
            images = excitation.ops.to_device(
                np.random.default_rng(0).normal(size=excitation.shape).astype(np.float32)
            )
            for _ in range(question.recipe.iterations):
                _, gradient = excitation.evaluate(images)
            excitation.ops.to_numpy(gradient)


def measure_time(what: Callable[[], Result]) -> tuple[float, Result]:
    start = time.perf_counter()
    result = what()
    mx.nd.waitall()
    return time.perf_counter() - start, result


if __name__ == "__main__":
    main()
