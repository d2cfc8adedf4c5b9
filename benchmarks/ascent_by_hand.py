"""Gradient ascent beside the best loop that one would write by hand in PyTorch.

    OMP_NUM_THREADS=1 python -m benchmarks.ascent_by_hand [--cpu] [vgg16 …] [--layer conv3_3 …]

The loop by hand: the net is cut at the layer, its parameters are frozen, a batch of units climbs
together, channels last or not, whichever is faster there; plain gradient steps, nothing else.
vizframe climbs by Yosinski's third recipe with all that belongs to it. Compared are unit-iterations
per second, the loop on images of as many pixels as vizframe climbs on, and on 128². *Peak* is the
rate of one large convolution; vizframe leaves out what the unit does not see, the loop does not.
"""

from __future__ import annotations

from statistics import median
from typing import Any

import numpy as np
import torch
from torch import nn

from benchmarks.clock import now
from benchmarks.command import command_line, one_of
from benchmarks.side_by_side import claim
from benchmarks.usual_way import Bottleneck, resnet18, resnet50, take_weights, vgg16
from vizframe.ascent.best_size import BEST, at_best_size
from vizframe.ascent.gallery import Question, ascend
from vizframe.ascent.pixels import Pixels
from vizframe.ascent.recipe import Recipe
from vizframe.gluon.compat import mx
from vizframe.gluon.network import GluonNetwork
from vizframe.network import Network
from vizframe.network.probe import Normalization

IMAGENET = Normalization((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
SHAPE = (3, 224, 224)

VGG = {
    name: (f"features.{own}", f"features.{own}")
    for name, own in {
        "conv1_2": 2,
        "conv2_2": 7,
        "conv3_3": 14,
        "conv4_3": 21,
        "conv5_3": 28,
    }.items()
}
STAGES = {f"stage {n}": (f"features.{n + 3}", f"stage{n}") for n in (1, 2, 3, 4)}
NETS = {
    "vgg16": (vgg16, VGG),
    "resnet18_v1": (resnet18, STAGES),
    "resnet50_v1": (resnet50, STAGES),
}


class ByHand:
    """A batch of units at the centre of one layer's map, on images of one size."""

    def __init__(self, net: nn.Module, layer: str, size: int, units: int, *, last: bool) -> None:
        memory = torch.channels_last if last else torch.contiguous_format
        self._net = cut(net, layer).to(memory_format=memory)
        self._units = torch.arange(units)
        self._images = torch.randn(units, 3, size, size).to(memory_format=memory)

    def rate(self, iterations: int) -> float:
        """Unit-iterations per second."""
        images = self._images.requires_grad_()
        start = now()
        for _ in range(iterations):
            found = self._net(images)
            height, width = found.shape[2:]
            own = found[self._units, self._units, height // 2, width // 2].sum()
            (gradient,) = torch.autograd.grad(own, images)
            with torch.no_grad():
                images += gradient
        return len(images) * iterations / (now() - start)


def cut(net: nn.Module, layer: str) -> nn.Sequential:
    """The net up to the layer, frozen."""
    kept: list[nn.Module] = []
    for name, child in net.named_children():
        if layer.startswith(f"{name}."):
            kept += list(child.children())[: int(layer.split(".")[1]) + 1]
            break
        kept.append(child)
        if name == layer:
            break
    made = nn.Sequential(*kept)
    for parameter in made.parameters():
        parameter.requires_grad_(False)
    return made


def flops(net: nn.Module, layer: str, size: int) -> float:
    """Operations of a forward and a backward pass of one image."""
    counted = [0.0]

    def count(module: nn.Module, given: Any, output: Any) -> None:
        if isinstance(module, nn.Conv2d):
            counted[0] += 2 * output[0].numel() * module.weight[0].numel()

    made = cut(net, layer)
    hooks = [each.register_forward_hook(count) for each in made.modules()]
    with torch.no_grad():
        made(torch.zeros(1, 3, size, size))
    for hook in hooks:
        hook.remove()
    return 2 * counted[0]


def peak() -> float:
    """Operations per second of one large convolution of MXNet's."""
    images, kernels = mx.nd.ones((16, 256, 28, 28)), mx.nd.ones((256, 256, 3, 3))
    work = 2 * 16 * 256 * 256 * 9 * 28 * 28

    def once() -> float:
        start = now()
        mx.nd.Convolution(
            images, kernels, kernel=(3, 3), pad=(1, 1), num_filter=256, no_bias=True
        ).wait_to_read()
        return work / (now() - start)

    return max(once() for _ in range(5))


def same_model(name: str) -> tuple[Network, nn.Module]:
    """A model of Gluon's zoo with random weights, and the same in PyTorch."""
    mx.random.seed(0)
    net = getattr(mx.gluon.model_zoo.vision, name)()
    net.initialize(mx.init.MSRAPrelu(slope=0))
    net(mx.nd.zeros((1, *SHAPE)))
    other = NETS[name][0]()
    weights = {key: value.data().asnumpy() for key, value in net.collect_params().items()}
    if not any(isinstance(each, Bottleneck) for each in other.modules()):
        with torch.no_grad():
            take_weights(other, weights)
    mx.nd.waitall()
    return GluonNetwork.of(net, SHAPE), other


def question_of(network: Network, layer: str, iterations: int) -> Question:
    """As the plugin asks it: on the unit's field, or where that is large on the best size."""
    recipe = Recipe(iterations, "rate", rate=100.0, decay=0.0001, blur=1.0)
    asked = Question(network.layer(layer), recipe, Pixels.of(IMAGENET, 3))
    return at_best_size(network, asked)


def ours(network: Network, layer: str, units: list[int], iterations: int) -> float:
    """Unit-iterations per second, of a climb that was compiled before."""
    question = question_of(network, layer, iterations)
    start = now()
    ascend(network, question, units)
    return len(units) * iterations / (now() - start)


def alive(network: Network, layer: str, count: int) -> list[int]:
    """The first units that have a gradient at the start. The others are moved until they have one,
    up to 16 evaluations, which the loop by hand does not do."""
    question = question_of(network, layer, 1)
    units = range(min(4 * count, question.layer.units))
    outcome = ascend(network, question, units).outcome
    found = [unit for unit in units if not (outcome.rescued[unit] or outcome.dead[unit])]
    return (found * count)[:count]


def compare(name: str, title: str, network: Network, net: nn.Module, top: float) -> None:
    """Print one layer."""
    layer, other = NETS[name][1][title]
    units = alive(network, layer, 16)
    with question_of(network, layer, 1).excitation(network, [0], "plain") as excitation:
        size = excitation.shape[2]
    same = [ByHand(net, other, size, len(units), last=last) for last in (False, True)]
    whole = [ByHand(net, other, BEST, 4, last=last) for last in (False, True)]
    ours(network, layer, units, 2)
    rows = []
    iterations = 100 if size < 64 else 12
    for _ in range(3):
        one = ours(network, layer, units, iterations)
        rate = max(each.rate(iterations // 6) for each in same)
        rows.append((one, rate, max(each.rate(2) for each in whole)))
    mine, hand, image = (median(column) for column in zip(*rows, strict=True))
    share = mine * flops(net, other, size) / top
    print(
        f"{name} {title}, {size}²: {mine:.1f} unit-iterations/s, {share:.0%} of the peak if the "
        f"whole of it were computed; by hand {hand:.1f} there and {image:.1f} on {BEST}²"
    )
    claim(f"{name} {title}, over the loop by hand on as many pixels", mine / hand, "≥ 1")
    goal = "≥ 3" if size**2 * 4 <= BEST**2 else "≥ 1"
    claim(f"{name} {title}, over it on {BEST}²", mine / image, goal)


def main() -> None:
    words = command_line(__doc__, clock=True)
    words.add_argument("nets", nargs="*", type=one_of(NETS), help=f"Of {', '.join(NETS)}.")
    words.add_argument("--layer", nargs="*", default=[], help="Of the nets', all without it.")
    given = words.parse_args()
    torch.set_num_threads(1)
    np.seterr(all="ignore")
    top = peak()
    print(f"peak {top / 1e9:.0f} Gflop/s")
    for name in given.nets or NETS:
        network, net = same_model(name)
        for title in [each for each in NETS[name][1] if each in given.layer] or NETS[name][1]:
            compare(name, title, network, net, top)


if __name__ == "__main__":
    main()
