"""What recording costs on the networks that people train, in steps of their own training.

    python -m benchmarks.real_networks resnet18_v1 mobilenet_v2_1_0 …

Of each: the default budget, in one process with the training (a batch of 32, 224² unless said
otherwise); and, with --all, what every unit and image would cost, from a sample of each layer. The
weights are random, the images too. Times are processor time, so that a busy machine counts less.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

import vizframe
from vizframe.gluon.compat import mx
from vizframe.network.layer import Layer, select
from vizframe.network.probe import Probe
from vizframe.plugin import Scene
from vizframe.plugins.deconvolution import Deconvolution
from vizframe.plugins.saliency import Saliency
from vizframe.recording.config import LARGEST

NETS = ("resnet18_v1", "resnet50_v1", "vgg16", "mobilenet_v2_1_0", "densenet121")
BATCH, IMAGES = 32, 16


class Training:
    """Steps of a network of the model zoo."""

    def __init__(self, name: str, side: int) -> None:
        from mxnet.gluon.model_zoo import vision

        mx.random.seed(0)
        self.net = getattr(vision, name)()
        self.net.initialize(mx.init.Xavier())
        self.net.hybridize()
        draw = np.random.default_rng(0)
        self.images = draw.random((BATCH, 3, side, side)).astype(np.float32)
        self._batch, self._labels = mx.nd.array(self.images), mx.nd.arange(BATCH)
        self._loss = mx.gluon.loss.SoftmaxCrossEntropyLoss()
        self.net(self._batch[:1])
        self._trainer = mx.gluon.Trainer(self.net.collect_params(), "sgd", {"learning_rate": 0.001})

    def step(self) -> float:
        """Processor seconds of one."""
        started = time.process_time()
        with mx.autograd.record():
            loss = self._loss(self.net(self._batch), self._labels)
        loss.backward()
        self._trainer.step(BATCH)
        mx.nd.waitall()
        return time.process_time() - started


def peak() -> float:
    """GiB that the process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def budgeted(name: str, side: int, steps: int) -> None:
    """The default recording: its first step, its share, its memory, and what it has pictures of."""
    training = Training(name, side)
    # A training's own peak grows for some steps: only then is it known what a recording adds.
    one = median([training.step() for _ in range(4)])
    before = peak()
    with tempfile.TemporaryDirectory() as folder:
        started = time.process_time()
        recorder = vizframe.Recorder(
            training.net,
            Path(folder) / "run",
            every=1,
            budget="20%",
            max_size=LARGEST,
            probe=training.images[:IMAGES],
        )
        first = time.process_time() - started
        spent, trained = first, 0.0
        for _ in range(steps):
            trained += training.step()
            started = time.process_time()
            recorder.step()
            spent += time.process_time() - started
        recorder.close()
        run = vizframe.open(Path(folder) / "run")
        seen = {label for label, _ in run}
        layers = {layer for label, layer in run if label == "deconvolution"}
        size = sum(each.stat().st_size for each in (Path(folder) / "run").iterdir())
        print(
            f"{name} {side}²: a step {one:.1f} s; first recording {first:.1f} s = "
            f"{first / one:.1f} steps; {len(run.steps)} recordings in {steps} steps cost "
            f"{spent / trained:.0%}; memory {before:.1f} + {peak() - before:.1f} GiB; "
            f"{size / len(run.steps) / 1e6:.0f} MB a recording; {sorted(seen)}; "
            f"deconvolution of {len(layers)} layers; failures {len(run.failures)}",
            flush=True,
        )


def everything(name: str, side: int, sample: int) -> None:
    """What all units and images would cost, in steps."""
    training = Training(name, side)
    training.step()
    one = training.step()
    network = network_of(training.net, side)
    layers, probe = select(network.layers), Probe(training.images[:IMAGES])
    for _ in Saliency().visualize(Scene(network, layers, probe)):
        pass
    started = time.process_time()
    for _ in Saliency().visualize(Scene(network, layers, probe)):
        pass
    saliency = time.process_time() - started
    whole = sum(deconvolution_of(network, layer, probe, sample) for layer in layers)
    print(
        f"{name} {side}²: a step {one:.1f} s; saliency {saliency / one:.1f} steps, "
        f"deconvolution of all units {whole / one:.0f} steps",
        flush=True,
    )


def network_of(net: Any, side: int) -> Any:
    from vizframe.gluon.view import view

    return view(net, (3, side, side))


def deconvolution_of(network: Any, layer: Layer, probe: Probe, sample: int) -> float:
    """Processor seconds of all its units, from those of a sample and of twice as many."""
    scene, costs = Scene(network, (layer,), probe), []
    scene.activations(layer)
    for units in (sample, 2 * sample):
        started = time.process_time()
        for _ in Deconvolution(units=units).visualize(scene):
            pass
        costs.append(time.process_time() - started)
    if layer.units <= sample:
        return costs[0]
    each = max(0.0, costs[1] - costs[0]) / (min(2 * sample, layer.units) - sample)
    return costs[0] + each * (layer.units - sample)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("nets", nargs="*", default=NETS)
    parser.add_argument("--side", type=int, default=224)
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--sample", type=int, default=8)
    parser.add_argument("--all", action="store_true", help="Also what all units would cost.")
    parser.add_argument("--here", action="store_true", help="In this process.")
    given = parser.parse_args()
    if given.here:
        for name in given.nets:
            budgeted(name, given.side, given.steps)
            if given.all:
                everything(name, given.side, given.sample)
        return
    for name in given.nets:  # a process for each, so that memory is its own
        words = [*sys.argv[1:]]
        words = [word for word in words if word not in given.nets]
        subprocess.run(
            [sys.executable, "-m", "benchmarks.real_networks", name, "--here", *words], check=True
        )


if __name__ == "__main__":
    main()
