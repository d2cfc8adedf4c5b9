"""What recording costs on the networks that people train, in steps of their own training.

    python -m benchmarks.real_networks resnet18_v1 mobilenet_v2_1_0 …

Of each: the default budget, in one process with the training (a batch of 32, 224² unless said
otherwise), until there are ten recordings or the steps are done; and, with --all, what every unit
and image would cost, from a sample of each layer. The weights are random, the images too. Times are
processor time, so that a busy machine counts less; OMP_NUM_THREADS=1, as threads that wait count.
"""

from __future__ import annotations

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
from benchmarks.command import command_line
from vizframe.gluon.compat import mx
from vizframe.network.layer import Layer, select
from vizframe.network.probe import Probe
from vizframe.plugin import Scene
from vizframe.plugins.deconvolution import Deconvolution
from vizframe.plugins.saliency import Saliency
from vizframe.recording.budget import USUAL
from vizframe.recording.config import LARGEST
from vizframe.recording.work_clock import work_time

NETS = (
    "super_resolution",
    "mobilenet_v2_1_0",
    "resnet18_v1",
    "densenet121",
    "resnet50_v1",
    "vgg16",
)
BATCH, IMAGES, RECORDINGS = 32, 16, 10


class SuperResolution(mx.gluon.nn.HybridBlock):
    """The network of MXNet's example: three times as many pixels a side, of one channel."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = mx.gluon.nn.HybridSequential()
        for channels, size in ((64, 5), (64, 3), (32, 3), (9, 3)):
            act = None if channels == 9 else "relu"
            self.layers.add(mx.gluon.nn.Conv2D(channels, size, padding=size // 2, activation=act))
        self.layers.add(mx.gluon.contrib.nn.PixelShuffle2D(3))

    def hybrid_forward(self, F: Any, images: Any) -> Any:
        return self.layers(images)


class Training:
    """Steps of a network of the model zoo, or of the one that enlarges images."""

    def __init__(self, name: str, side: int) -> None:
        mx.random.seed(0)
        enlarges = name == "super_resolution"
        self.net = SuperResolution() if enlarges else getattr(mx.gluon.model_zoo.vision, name)()
        self.net.initialize(mx.init.Xavier())
        self.net.hybridize()
        draw = np.random.default_rng(0)
        shape = (BATCH, 1, 85, 85) if enlarges else (BATCH, 3, side, side)
        self.images = draw.random(shape).astype(np.float32)
        self._batch = mx.nd.array(self.images)
        self._labels = mx.nd.arange(BATCH)
        self._loss = mx.gluon.loss.SoftmaxCrossEntropyLoss()
        if enlarges:
            self._labels = mx.nd.random.uniform(shape=(BATCH, 1, 255, 255))
            self._loss = mx.gluon.loss.L2Loss()
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


def budgeted(
    name: str, side: int, steps: int, warm: int, recordings: int = RECORDINGS, budget: str = USUAL
) -> None:
    """The default recording: its first step, its share, its memory, and what it has pictures of.

    The share is told twice: of processor seconds, and of seconds as a quiet machine would have
    them, where threads that run side by side count once. The budget keeps to these.
    """
    training = Training(name, side)
    # A training's own peak grows for some steps: only then is it known what a recording adds.
    one = median([training.step() for _ in range(warm)])
    before = peak()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run"
        started, began = time.process_time(), work_time()
        recorder = vizframe.Recorder(
            training.net,
            path,
            every=1,
            budget=budget,
            max_size=LARGEST,
            probe=training.images[:IMAGES],
        )
        first, work = time.process_time() - started, work_time() - began
        print(
            f"{name} {side}²: a step {one:.2f} s; first recording {first:.1f} s = "
            f"{first / one:.1f} steps",
            flush=True,
        )
        spent, trained, learnt, done = first, 0.0, 0.0, 0
        while done < steps and len(vizframe.open(path).steps) < recordings:
            began = work_time()
            trained += training.step()
            started, ended = time.process_time(), work_time()
            recorder.step()
            spent, done = spent + time.process_time() - started, done + 1
            learnt, work = learnt + ended - began, work + work_time() - ended
        recorder.close()
        run = vizframe.open(path)
        size = sum(each.stat().st_size for each in path.iterdir())
        print(
            f"  {len(run.steps)} recordings in {done} steps: {1 + spent / max(trained, one):.3f} "
            f"by processor time, {1 + work / max(learnt, one):.3f} by the wall without waiting; "
            f"memory {before:.2f} + {peak() - before:.2f} GiB; "
            f"{size / len(run.steps) / 1e6:.0f} MB a recording; failures {len(run.failures)}\n"
            f"  {seen(run)}",
            flush=True,
        )


def seen(run: Any) -> str:
    """Of how many layers, and which of their kinds, each plugin has pictures."""
    kinds = {layer.name: layer.kind for layer in run.info.layers}
    layers: dict[str, set[str]] = {}
    for label, layer in run:
        layers.setdefault(label.partition(".")[0], set()).add(layer)
    return "; ".join(
        f"{label}: {len(found)} layers ({', '.join(sorted({kinds[each] for each in found}))})"
        for label, found in sorted(layers.items())
    )


def everything(name: str, side: int, sample: int) -> None:
    """What all units and images would cost, in steps."""
    training = Training(name, side)
    training.step()
    one = training.step()
    network = network_of(training.net, training.images.shape[1:])
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


def network_of(net: Any, shape: tuple[int, ...]) -> Any:
    from vizframe.gluon.view import view

    return view(net, shape)


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
    parser = command_line(__doc__)
    parser.add_argument("nets", nargs="*", default=NETS)
    parser.add_argument("--side", type=int, default=224)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--warm", type=int, default=4, help="Steps before it is recorded.")
    parser.add_argument("--recordings", type=int, default=RECORDINGS)
    parser.add_argument("--budget", default=USUAL, help="Such as 'none'.")
    parser.add_argument("--sample", type=int, default=8)
    parser.add_argument("--all", action="store_true", help="Also what all units would cost.")
    parser.add_argument("--here", action="store_true", help="In this process.")
    given = parser.parse_args()
    if given.here:
        for name in given.nets:
            budgeted(name, given.side, given.steps, given.warm, given.recordings, given.budget)
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
