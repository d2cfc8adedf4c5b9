"""A toy framework: one convolution layer whose weights are an array that a test trains by hand."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import ClassVar

import numpy as np

from vizframe.errors import NetworkError
from vizframe.network import FloatArray, Network
from vizframe.network.adapter import Batch, Optimiser, Seen, TrainingObserver
from vizframe.network.call import Call
from vizframe.plugin import Plugin, Scene
from vizframe.plugin.frame import Frame, Picture
from vizframe.testing.reference import ReferenceNetwork
from vizframe.testing.reference_ops import Convolution, Operation, Relu

IMAGES = np.arange(2 * 1 * 3 * 3, dtype=np.float32).reshape(2, 1, 3, 3) / 18


class ToyModel:
    """Multiplies its input by each of its weights: one unit per weight."""

    def __init__(self, units: int = 4) -> None:
        self.weight = np.ones(units, np.float32)
        self.gradient = 0.0  # of every weight; 0 until it is trained
        self.hooks: list[Seen] = []

    def __call__(self, images: FloatArray) -> FloatArray:
        answer: FloatArray = images * self.weight.reshape(1, -1, 1, 1)
        for hook in list(self.hooks):
            hook(lambda: Batch(images), True)
        return answer


class ToyNetwork(ReferenceNetwork):
    """A toy model is a 1×1 convolution; all its gradients are the same."""

    def __init__(
        self, model: ToyModel, input_shape: tuple[int, ...], class_names: tuple[str, ...] | None
    ) -> None:
        kernels = model.weight.reshape(-1, 1, 1, 1)  # a view: it sees what training does
        bias = np.zeros(len(kernels), np.float32)
        operations: dict[str, Operation] = {"conv0": Convolution(kernels, bias), "relu0": Relu()}
        super().__init__(operations, input_shape, class_names=class_names)
        self._model = model

    @property
    def name(self) -> str:
        return "toy"

    def weight_gradients(self, layer: str) -> dict[str, FloatArray]:
        return {
            name: np.full_like(each, self._model.gradient)
            for name, each in self.weights(layer).items()
        }


def network(
    model: object,
    inputs: FloatArray,
    class_names: Sequence[str] | None = None,
    memory: int | None = None,
    call: Call | None = None,
) -> Network:
    assert isinstance(model, ToyModel)
    if inputs.ndim != 4:
        raise NetworkError(f"the probe has shape {inputs.shape}; it can be (images, 1, y, x)")
    return ToyNetwork(model, inputs.shape[1:], tuple(class_names) if class_names else None)


def is_ready(model: object) -> bool:
    return True


def watch(model: object, seen: Seen) -> Callable[[], None]:
    assert isinstance(model, ToyModel)
    model.hooks.append(seen)
    return lambda: model.hooks.remove(seen)


def watch_trainings(observer: TrainingObserver) -> Callable[[], None]:
    raise NetworkError("a toy is trained by hand")


def optimiser(model: object) -> Optimiser:
    return Optimiser({"optimiser": "toy"}, 0.5)


def to_array(value: object) -> FloatArray:
    return np.asarray(value, np.float32)


def number(value: object) -> float:
    return float(np.mean(np.asarray(value)))


def settle() -> None:
    """A toy is never busy."""


@contextmanager
def preserve_state() -> Iterator[None]:
    yield


class Doubled(Plugin):
    """Twice what each unit answers to each probe image."""

    name: ClassVar[str] = "doubled"
    makes: ClassVar = (Picture(axes=("probe", "unit", "y", "x"), help="Maps."),)

    def visualize(self, scene: Scene) -> Iterator[Frame]:
        for layer in scene.layers:
            maps = 2 * scene.activations(layer)
            yield Frame(layer.name, maps, scalars={"brightest": float(maps.max())})


class Fragile(Plugin):
    """Gives one frame, then breaks, at steps that are no multiple of 20."""

    name: ClassVar[str] = "fragile"
    makes: ClassVar = (Picture(axes=("unit",), draw="bar", help="Numbers."),)

    def visualize(self, scene: Scene) -> Iterator[Frame]:
        yield Frame("conv0", np.zeros(4, np.float32))
        if scene.step % 20:
            raise ZeroDivisionError("no such\n  luck")


class Gambler(Plugin):
    """Draws from the global random generators."""

    name: ClassVar[str] = "gambler"
    makes: ClassVar = (Picture(axes=("unit",), draw="bar", help="Numbers."),)

    def visualize(self, scene: Scene) -> Iterator[Frame]:
        import random

        random.seed(0)
        yield Frame("conv0", np.random.rand(4).astype(np.float32))


class Slow(Plugin):
    """Takes as many fifths of a second as it reports, and gives two frames."""

    name: ClassVar[str] = "slow"
    makes: ClassVar = (Picture(axes=("unit",), draw="bar", help="Numbers."),)

    fifths: int = 20

    def visualize(self, scene: Scene) -> Iterator[Frame]:
        yield Frame("conv0", np.zeros(4, np.float32))
        for done in range(self.fifths):
            time.sleep(0.2)
            scene.progress(done + 1, self.fifths, "slow")
        yield Frame("relu0", np.zeros(4, np.float32))
