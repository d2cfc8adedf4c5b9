"""All activations of a ResNet-18 for 16 images, beside a plain forward pass and copying out.

    python -m benchmarks.all_activations [--cpu]

The plain side runs the hybridized net once and copies as many numbers of the same shapes from
MXNet to NumPy; vizframe's side gives every layer's output by name. The arrays that are copied are
outputs of a graph, in the blocked layouts that convolutions leave them in: turning these back is
part of copying them out, and takes longer than the copy of a plain array.
"""

from __future__ import annotations

from statistics import median

import numpy as np

from benchmarks.clock import seconds
from benchmarks.command import command_line
from benchmarks.side_by_side import claim
from vizframe.gluon.compat import mx
from vizframe.gluon.network import GluonNetwork

SHAPE = (3, 224, 224)
IMAGES = 16
WARM_UP = 2
ROUNDS = 7


def main() -> None:
    command_line(__doc__, clock=True).parse_args()
    net = mx.gluon.model_zoo.vision.resnet18_v1()
    net.initialize(mx.init.MSRAPrelu(slope=0))
    images = np.random.default_rng(0).standard_normal((IMAGES, *SHAPE), np.float32)
    net.hybridize(static_alloc=True, static_shape=True)
    net(mx.nd.array(images)).wait_to_read()
    network = GluonNetwork.of(net, SHAPE)
    names = [layer.name for layer in network.layers]
    entries = tuple(dict.fromkeys(network._entry(name) for name in names))
    graph = network._graph.with_heads(entries)
    outputs = network._compiled(("activations", entries), graph, images).forward()
    numbers = sum(array.size for array in outputs)

    def forward() -> object:
        return net(mx.nd.array(images)).wait_to_read()

    def plain() -> object:
        forward()
        return [array.asnumpy() for array in outputs]

    def recorded() -> object:
        return network.activations(images, names)

    ways = (forward, plain, recorded)
    rounds = [[seconds(way) for way in ways] for _ in range(WARM_UP + ROUNDS)][WARM_UP:]
    alone, copied, ours = (1000 * median(column) for column in zip(*rounds, strict=True))
    print(
        f"{len(names)} layers, {4e-6 * numbers:.0f} MB; forward {alone:.0f} ms, with copying out "
        f"{copied:.0f} ms, vizframe {ours:.0f} ms"
    )
    over = median(mine / plain_one for _, plain_one, mine in rounds)
    claim("all activations, over a plain forward and copying out", over, "≤ 1.3")


if __name__ == "__main__":
    main()
