"""What relevance costs beside a forward and backward pass, and RISE and Score-CAM beside the
forward passes that they need: `python -m benchmarks.relevance_cost` (ResNet-18, random weights)."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.command import command_line
from benchmarks.side_by_side import claim, side_by_side
from vizframe.attribution.baseline import baseline_of
from vizframe.attribution.batches import scores
from vizframe.attribution.rise import rise
from vizframe.attribution.score_cam import score_cam
from vizframe.attribution.target import target
from vizframe.gluon.compat import mx
from vizframe.gluon.network import GluonNetwork
from vizframe.network.probe import Probe
from vizframe.network.relevance import COMPOSITES

COUNT = 16


def resnet(side: int) -> GluonNetwork:
    net: Any = mx.gluon.model_zoo.vision.resnet18_v1(classes=10)
    net.initialize(mx.init.Xavier())
    net(mx.nd.zeros((1, 3, side, side)))
    return GluonNetwork.of(net, (3, side, side))


def main() -> None:
    parser = command_line(__doc__, clock=True)
    parser.add_argument("--side", type=int, default=224)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    network = resnet(given.side)
    draw = np.random.default_rng(0)
    probe = Probe(draw.random((COUNT, 3, given.side, given.side)).astype(np.float32))
    asked = target(network, probe, "predicted")
    ways = {"gradient": lambda _: network.gradient(probe.images, asked.objective())}
    for name, rules in COMPOSITES.items():
        ways[name] = lambda _, rules=rules: network.relevance(  # type: ignore[misc]
            probe.images, asked.objective(), rules
        )
    times = side_by_side(ways, given.rounds, warm_up=1)
    for name in COMPOSITES:
        ratio = times[name].ms / times["gradient"].ms
        claim(f"{name}, {COUNT} images of {given.side}² ({times[name].ms:.0f} ms)", ratio, "≤ 3")
    one = Probe(probe.images[:1])
    single = target(network, one, "predicted")
    maps = network.activations(one.images, ["features.5"])["features.5"]
    black = baseline_of(one, "black")
    many = np.repeat(one.images, 64, axis=0)
    forward = {
        "64 passes": lambda _: scores(network, many),
        "RISE": lambda _: rise(single, black, masks=64, cells=7, open_share=0.5, seed=0),
        "Score-CAM": lambda _: score_cam(single, maps[:, :64]),
    }
    found = side_by_side(forward, given.rounds, warm_up=1)
    for name in ("RISE", "Score-CAM"):
        claim(f"{name} over its 64 forward passes", found[name].ms / found["64 passes"].ms, "≤ 1.1")


if __name__ == "__main__":
    main()
