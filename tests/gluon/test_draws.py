"""What a plugin that imports MXNet may not do to the training's random numbers and weights."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

import vizframe.store
from vizframe.errors import PluginError
from vizframe.gluon.adapter import preserve_state
from vizframe.gluon.compat import mx
from vizframe.gluon.draws import draws_refused
from vizframe.gluon.graph.views import see
from vizframe.plugin import Plugin, Scene
from vizframe.plugin.frame import Frame, Picture
from vizframe.recording.recorder import Recorder

Draw = Callable[[], object]

WAYS: dict[str, Draw] = {
    "uniform": lambda: mx.nd.random.uniform(shape=(3,)),
    "normal of the module itself": lambda: mx.random.normal(shape=(3,)),
    "randint": lambda: mx.nd.random.randint(0, 9, shape=(3,)),
    "the operator's name": lambda: mx.nd.random_uniform(shape=(3,)),
    "sampled": lambda: mx.nd.sample_normal(mx.nd.zeros(2), mx.nd.ones(2), shape=(3,)),
    "multinomial": lambda: mx.nd.random.multinomial(mx.nd.array([0.5, 0.5])),
    "like": lambda: mx.nd.random.normal_like(mx.nd.zeros(3)),
    "shuffle": lambda: mx.nd.random.shuffle(mx.nd.arange(9)),
    "an initializer": lambda: mx.init.Xavier()(mx.init.InitDesc("w_weight"), mx.nd.zeros((3, 3))),
    "NumPy's interface": lambda: mx.np.random.uniform(size=(3,)),
}


def drawn() -> list[float]:
    found: list[float] = mx.nd.random.uniform(shape=(5,)).asnumpy().tolist()
    return found


@pytest.mark.parametrize("way", WAYS)
def test_who_draws_is_told_not_to_and_the_training_draws_as_before(way: str) -> None:
    mx.random.seed(5)
    expected = [drawn(), drawn()]
    mx.random.seed(5)
    first = drawn()
    with preserve_state(), pytest.raises(PluginError, match=r"numpy.random.default_rng"):
        WAYS[way]()
    assert [first, drawn()] == expected


def test_another_thread_goes_on_drawing() -> None:
    found: list[list[float]] = []
    with draws_refused():
        thread = threading.Thread(target=lambda: found.append(drawn()))
        thread.start()
        thread.join()
    assert len(found) == 1
    assert len(drawn()) == 5


def test_a_view_of_the_training_s_own_memory_is_not_written_to() -> None:
    weight = mx.nd.ones((4, 3))
    seen = see(weight)
    with pytest.raises(ValueError, match="read-only"):
        seen[0] = 7
    weight[:] = 2
    weight.wait_to_read()
    assert (seen == 2).all()


class Drawing(Plugin):
    """Draws from MXNet, and writes into what it is given."""

    name: ClassVar[str] = "drawing"
    makes: ClassVar = (Picture(axes=("unit", "y", "x"), help="Maps."),)

    def visualize(self, scene: Scene) -> Iterator[Frame]:
        layer = scene.network.layers[0].name
        for values in scene.network.weights(layer).values():
            values[...] = 7
        yield Frame(layer, np.zeros((4, 2, 2), np.float32))
        mx.nd.random.uniform(shape=(3,)).wait_to_read()


def trained(run: Path | None) -> tuple[list[float], list[float]]:
    """The weights and what is drawn after three steps, recorded or not."""
    mx.random.seed(2)
    net = mx.gluon.nn.Conv2D(4, 3, in_channels=1)
    net.initialize()
    trainer = mx.gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.1})
    images = np.linspace(0, 1, 128, dtype=np.float32).reshape(2, 1, 8, 8)
    recorder = Recorder(net, run, every=1, plugins=[Drawing], probe=images) if run else None
    for _ in range(3):
        noisy = mx.nd.array(images) + mx.nd.random.normal(shape=images.shape)
        with mx.autograd.record():
            loss = net(noisy).square().mean()
        loss.backward()
        trainer.step(2)
        if recorder:
            recorder.step(loss=float(loss.asscalar()))
    if recorder:
        recorder.close()
    return net.weight.data().asnumpy().ravel().tolist(), drawn()


def test_a_training_recorded_by_a_plugin_that_draws_ends_as_without(tmp_path: Path) -> None:
    assert trained(tmp_path / "run") == trained(None)
    failures = vizframe.store.open(tmp_path / "run").failures()
    assert "random numbers" in failures[0].sentence
