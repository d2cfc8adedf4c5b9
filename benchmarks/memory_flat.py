"""Memory over 10,000 recordings of a training: every plugin question asked, at every step.

    python -m benchmarks.memory_flat [--recordings 10000]

Prints the process's resident memory after 10 % of the recordings, and what the rest added.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.command import command_line
from vizframe.gluon.compat import mx
from vizframe.gluon.network import GluonNetwork
from vizframe.network import Objective

SHAPE = (1, 12, 12)


def net() -> Any:
    made = mx.gluon.nn.HybridSequential()
    made.add(mx.gluon.nn.Conv2D(8, 3), mx.gluon.nn.BatchNorm(), mx.gluon.nn.Activation("relu"))
    made.add(mx.gluon.nn.MaxPool2D(), mx.gluon.nn.Conv2D(8, 3), mx.gluon.nn.Dense(3))
    made.initialize()
    made(mx.nd.zeros((1, *SHAPE)))
    return made


def record(network: GluonNetwork, step: int) -> None:
    """What the built-in plugins ask at one step."""
    images = np.random.default_rng(step).standard_normal((4, *SHAPE)).astype(np.float32)
    network.activations(images, [layer.name for layer in network.layers])
    network.gradient(images, Objective.of("5", [0, 1, 2, 0]), rule="guided")
    network.gradient(images, Objective.of("5", [0, 1, 2, 0]), at="3")
    with network.excitation(Objective.of("4", [step % 8, 1])) as excitation:
        excitation.evaluate(excitation.ops.to_device(np.zeros(excitation.shape, np.float32)))
    with network.excitation(Objective.of("2", [0, 1]), rule="deconvnet") as excitation:
        excitation.evaluate(excitation.ops.to_device(np.zeros(excitation.shape, np.float32)))
    network.weights("4")


def resident() -> float:
    """MB of memory that this process has."""
    mx.nd.waitall()
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6


def main() -> None:
    options = command_line(__doc__)
    options.add_argument("--recordings", type=int, default=10_000)
    recordings = options.parse_args().recordings
    network = GluonNetwork.of(net(), SHAPE)
    for step in range(recordings // 10):
        record(network, step)
    before = resident()
    for step in range(recordings // 10, recordings):
        record(network, step)
    grown = resident() - before
    print(f"{recordings} recordings: {before:.0f} MB after a tenth, {grown:+.1f} MB since")


if __name__ == "__main__":
    main()
