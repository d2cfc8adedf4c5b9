"""How the cost of the default plugins grows with units, layers and probe images, as exponents.

    python -m benchmarks.growth [--plugins deconvolution] [--over layers]

Processor seconds of one recording of everything, the graphs being compiled, of chains of small
convolutions; the exponent is the slope of a straight line through the logarithms. Claim: at most
1.15. What deconvolution has to do for a chain grows with layers² by itself, as each layer's units
are sent back through all before it: the exponent of that work is printed beside.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from benchmarks.command import command_line
from vizframe.gluon.compat import mx
from vizframe.gluon.view import view
from vizframe.network.layer import select
from vizframe.network.probe import Probe
from vizframe.plugin import Plugin, Scene
from vizframe.plugins.activation import Activation
from vizframe.plugins.deconvolution import Deconvolution
from vizframe.plugins.saliency import Saliency
from vizframe.plugins.weights import Weights

PLUGINS: dict[str, Callable[[], Plugin]] = {
    "activation": Activation,
    "weights": Weights,
    "saliency": Saliency,
    "deconvolution": Deconvolution,
}
SIZES = {
    "units": (32, 128, 512, 2048),
    "layers": (5, 20, 60, 200),
    "images": (1, 4, 16, 64, 256),
}
SIDE, WIDTH = 16, 4


def chain(units: int, layers: int) -> Any:
    """Convolutions one after the other, and ten classes; the last of them has the units."""
    mx.random.seed(0)
    net = mx.gluon.nn.HybridSequential()
    for place in range(layers):
        channels = units if place == layers - 1 else WIDTH
        net.add(mx.gluon.nn.Conv2D(channels, 3, padding=1, activation="relu"))
    net.add(mx.gluon.nn.GlobalAvgPool2D(), mx.gluon.nn.Dense(10))
    net.initialize(mx.init.Xavier())
    net(mx.nd.zeros((1, 3, SIDE, SIDE)))
    return net


def scenes(over: str) -> Iterator[tuple[int, Callable[[], Scene]]]:
    """Sizes, and what makes a scene of that size that nothing is known of yet."""
    draw = np.random.default_rng(0)
    for size in SIZES[over]:
        units = size if over == "units" else WIDTH
        layers = {"units": 2, "images": 4}.get(over, size)
        network = view(chain(units, layers), (3, SIDE, SIDE))
        images = draw.random((size if over == "images" else WIDTH, 3, SIDE, SIDE)).astype(
            np.float32
        )

        def scene(network: Any = network, images: Any = images) -> Scene:
            return Scene(network, select(network.layers), Probe(images))

        yield size, scene


def cost(plugin: Plugin, scene: Callable[[], Scene]) -> float:
    """Processor seconds, the quicker of two, after one that compiles."""
    found = []
    for _ in range(3):
        shown = scene()
        started = time.process_time()
        for _frame in plugin.visualize(shown):
            pass
        found.append(time.process_time() - started)
    return min(found[1:])


def exponent(sizes: list[int], costs: list[float]) -> float:
    """Of the power law through these points."""
    return float(np.polyfit(np.log(sizes), np.log(costs), 1)[0])


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("--plugins", nargs="*", default=list(PLUGINS))
    parser.add_argument("--over", nargs="*", default=list(SIZES))
    given = parser.parse_args()
    for over in given.over:
        made = list(scenes(over))
        for name in given.plugins:
            costs = [cost(PLUGINS[name](), scene) for _, scene in made]
            sizes = [size for size, _ in made]
            told = ", ".join(f"{n}: {1e3 * c:.0f} ms" for n, c in zip(sizes, costs, strict=True))
            work = ""
            if (name, over) == ("deconvolution", "layers"):
                work = f"; of its work {exponent(sizes, [n * (n + 1) / 2 for n in sizes]):.2f}"
            found, last = exponent(sizes, costs), exponent(sizes[-2:], costs[-2:])
            print(f"{name} over {over}: {found:.2f} (last {last:.2f}){work} ({told})", flush=True)


if __name__ == "__main__":
    main()
