"""The strongest images of 60,000, for all units of all layers, over the plain forward passes.

    python -m benchmarks.top_images_pass [--cpu]      a minute or two

The demo's network on random images of 28×28, in batches of 128, in turn in pieces of 4,000. The
plain pass gives the scores alone. Claim: at most 1.3.
"""

from __future__ import annotations

import statistics
from functools import partial

import numpy as np

from benchmarks.clock import seconds
from benchmarks.command import command_line
from vizframe.attribution.top import Ints, TopImages, kept_images
from vizframe.demo.mnist import network as demo_network
from vizframe.gluon.adapter import network
from vizframe.gluon.compat import mx
from vizframe.network.dataset import pieces
from vizframe.network.peaks import peaks

COUNT, PIECE, BATCH, TOP = 60_000, 4_000, 128, 9


def main() -> None:
    command_line(__doc__, clock=True).parse_args()
    images = np.random.default_rng(0).random((COUNT, 1, 28, 28), np.float32)
    net = demo_network()
    seen = network(net, images)
    names = [layer.name for layer in seen.layers]
    kept = {layer.name: TopImages.empty(layer.units, TOP) for layer in seen.layers}

    def plain(start: int) -> None:
        for numbers in pieces(PIECE, BATCH):
            net(mx.nd.array(images[start + numbers.start : start + numbers.stop])).asnumpy()

    def strongest(start: int) -> None:
        for numbers in pieces(PIECE, BATCH):
            first = start + numbers.start
            found = peaks(seen, images[first : start + numbers.stop], names)
            for name, values in found.items():
                kept[name].add(values, first)

    def again(numbers: Ints) -> None:
        for name in names:
            own = kept_images([kept[name]])
            for part in pieces(len(own), BATCH):
                seen.activations(images[own[part.start : part.stop]], [name])

    plain(0)
    ratios = []
    for start in range(0, COUNT, PIECE):
        alone = seconds(partial(plain, start))
        all_units = seconds(partial(strongest, start))
        print(f"from {start}: plain {alone:.2f} s, strongest {all_units:.2f} s")
        ratios.append(all_units / alone)
    looked = kept_images(list(kept.values()))
    print(f"{len(looked)} images looked at again: {seconds(partial(again, looked)):.2f} s")
    units = sum(layer.units for layer in seen.layers)
    print(
        f"{len(names)} layers, {units} units; ratio {statistics.median(ratios):.2f}   (at most 1.3)"
    )


if __name__ == "__main__":
    main()
