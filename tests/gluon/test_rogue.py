"""A plugin that meddles with MXNet changes nothing of the training beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

import vizframe
from vizframe.gluon.compat import mx
from vizframe.plugin import Plugin, Scene
from vizframe.plugin.frame import Frame, Picture


class Meddler(Plugin):
    """Switches recording on, and seeds MXNet's random numbers."""

    name: ClassVar[str] = "meddler"
    makes: ClassVar = (Picture(axes=("unit",), draw="bar", help="Ones."),)

    def visualize(self, scene: Scene) -> Iterator[Frame]:
        mx.autograd.set_recording(True)
        mx.autograd.set_training(True)
        yield Frame(scene.layers[0].name, np.ones(4, np.float32))
        mx.random.seed(7)


def trained(run: Path | None) -> list[Any]:
    """The weights after a few updates with Dropout, recorded or not."""
    mx.random.seed(1)
    nn = mx.gluon.nn
    net = nn.HybridSequential()
    net.add(nn.Conv2D(4, 3), nn.Dropout(0.5), nn.Dense(3))
    net.initialize()
    images = mx.nd.random.normal(shape=(4, 3, 8, 8))
    net(images)
    trainer = mx.gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.1})
    recorder = None
    if run is not None:
        recorder = vizframe.Recorder(net, run, every=1, plugins=[Meddler], probe=images.asnumpy())
    for _ in range(4):
        with mx.autograd.record():
            loss = (net(images) ** 2).mean()
        loss.backward()
        trainer.step(4)
        if recorder is not None:
            recorder.step(loss=loss)
        assert not mx.autograd.is_recording()
        assert not mx.autograd.is_training()
    if recorder is not None:
        recorder.finish()
    return [each.data().asnumpy() for each in net.collect_params().values()]


def test_a_plugin_that_seeds_and_switches_leaves_the_weights_as_they_would_be(
    tmp_path: Path,
) -> None:
    plain, recorded = trained(None), trained(tmp_path / "run")
    for one, other in zip(plain, recorded, strict=True):
        np.testing.assert_array_equal(one, other)
    history = vizframe.open(tmp_path / "run")
    failures = history.history.failures()
    assert "MXNet's random numbers were to be seeded" in failures[0].sentence
