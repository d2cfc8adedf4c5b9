"""What a plugin may ask of a model: the whole of what vizframe knows about frameworks.

An adapter (``vizframe.gluon`` is the first) implements `Network`. Arrays at the edges are NumPy
float32, images are NCHW. Inside an optimisation loop nothing leaves the device: there a plugin
works on `DeviceArray` through `Ops`, and only `Excitation` crosses.

Asking changes nothing: parameters, their gradients, BatchNorm statistics, hybridization, mode, RNG
state and hooks are afterwards as before, also when the question fails.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Literal, Protocol, Self, runtime_checkable

import numpy as np
import numpy.typing as npt

from vizframe.arrays import FloatArray as FloatArray
from vizframe.network.layer import Layer
from vizframe.network.ops import DeviceArray, Ops

ReluRule = Literal["plain", "deconvnet", "guided", "redirected"]
"""How a ReLU passes a gradient R back, given its input f (Springenberg et al. 2014, figure 1).

plain       [f > 0] · R
deconvnet   [R > 0] · R
guided      [f > 0] · [R > 0] · R
redirected  R where f > 0; else the part of R that would raise f: lucid's rescue of dead units
"""

Place = Literal["centre", "mean"]


@dataclass(frozen=True, slots=True, eq=False)
class Objective:
    """One number per image: what is to be explained, or raised.

    Attributes:
        layer: the layer's name.
        units: one unit per image of the batch, int64 of shape (batch,).
        place: ``centre``, the unit at the centre of its map (floor(size / 2)); ``mean``, its mean
            over the map; or an int array of shape (batch, 2), one (y, x) per image, or, of a
            layer of (time, unit), of shape (batch,), one place in time. A layer without such axes
            ignores it.
        output_gradients: what the backward pass starts from, one number per image (default 1): the
            deconvnet starts from the activation's own value.
    """

    layer: str
    units: npt.NDArray[np.int64]
    place: Place | npt.NDArray[np.int64] = "centre"
    output_gradients: FloatArray | None = None

    @classmethod
    def of(cls, layer: str, units: Sequence[int], place: Place = "centre") -> Self:
        return cls(layer, np.asarray(units, np.int64), place)


class Excitation(Protocol):
    """A compiled question, asked many times: the value and input gradient of an objective.

    Attributes:
        shape: (batch, channels, y, x) of the images it takes. With an exact receptive field, that
            field; otherwise the network's input or the size asked for.
        exact_field: whether ``shape`` is the unit's exact receptive field rather than an image.
        ops: arithmetic on its device.
    """

    @property
    def shape(self) -> tuple[int, ...]: ...
    @property
    def exact_field(self) -> bool: ...
    @property
    def ops(self) -> Ops: ...
    def evaluate(self, images: DeviceArray) -> tuple[DeviceArray, DeviceArray]:
        """The objective, shape (batch,), and its gradient, shape of the images."""
        ...

    def responses(self) -> DeviceArray:
        """The activation of every unit of the layer at the same places in the last `evaluate`:
        (batch, units). Valid until the next one."""
        ...

    def ask(self, objective: Objective) -> None:
        """Change units, places and output gradients; layer and batch stay: nothing is compiled."""
        ...


@dataclass(frozen=True, slots=True)
class Gradient:
    """The result of `Network.gradient`: values (batch,) and the gradient."""

    values: FloatArray
    gradient: FloatArray


@dataclass(frozen=True, slots=True)
class LayerGradients:
    """What `Network.gradients` finds, all in one forward and one backward pass.

    Attributes:
        values: of the objective, (batch,).
        gradient: with respect to the images.
        outputs: of each layer asked for, (batch, *layer.shape).
        gradients: with respect to each of these outputs, of their shapes.
    """

    values: FloatArray
    gradient: FloatArray
    outputs: Mapping[str, FloatArray]
    gradients: Mapping[str, FloatArray]


@dataclass(frozen=True, slots=True, eq=False)
class Projections:
    """What some of the questions of `ProjectsBack.project_back` gave.

    Attributes:
        questions: which of them, (n,).
        corners: the (row, column) of the image where each begins, (n, 2); may lie outside of it,
            where all is zero.
        values: (n, channel, y, x), zero beyond.
    """

    questions: npt.NDArray[np.int64]
    corners: npt.NDArray[np.int64]
    values: FloatArray


@runtime_checkable
class ProjectsBack(Protocol):
    """A network that goes a deconvnet's way back without going forward for every question.

    What a network need not have: others are asked by `Network.gradient`, which gives the same.
    """

    def project_back(
        self, images: FloatArray, chosen: npt.NDArray[np.int64], objective: Objective
    ) -> Iterator[Projections] | None:
        """The gradient by the ``deconvnet`` rule of one place per question, a batch at a time.

        Args:
            chosen: which image each question is about.
            objective: one unit per question, with an array of places unless its layer has none.

        None where this layer cannot be asked so.
        """
        ...


@runtime_checkable
class Rests(Protocol):
    """A network that holds memory to respond quickly, and can give most of it back."""

    def rest(self) -> None:
        """Give back what is needed again at the next recording only."""
        ...


@runtime_checkable
class MayChange(Protocol):
    """A network whose model can get other modules while it trains, after which it cannot be asked
    any more."""

    def refuse_changed(self) -> None:
        """Raises NetworkChanged where that happened."""
        ...


@runtime_checkable
class Network(Protocol):
    """A model as plugins see it."""

    @property
    def name(self) -> str:
        """What the model is called: its class or file."""
        ...

    @property
    def layers(self) -> tuple[Layer, ...]:
        """All layers, in forward order."""
        ...

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Of one input, without the batch axis: (channels, y, x) for images."""
        ...

    @property
    def score_layer(self) -> str:
        """The layer that gives the class scores, before any softmax."""
        ...

    @property
    def class_names(self) -> tuple[str, ...] | None:
        """One per class score; None where they are not known."""
        ...

    def layer(self, name: str) -> Layer:
        """Raises UnknownName with the nearest names."""
        ...

    def activations(self, images: FloatArray, layers: Sequence[str]) -> dict[str, FloatArray]:
        """Every named layer's output for the batch, in one forward pass: (batch, *layer.shape)."""
        ...

    def scores(self, images: FloatArray) -> FloatArray:
        """Class scores before softmax: (batch, classes)."""
        ...

    def gradient(
        self,
        images: FloatArray,
        objective: Objective,
        *,
        rule: ReluRule = "plain",
        at: str | None = None,
    ) -> Gradient:
        """Value and gradient of the objective with respect to the images, or, with ``at``, to
        the output of that layer, (batch, *layer.shape).

        Where the value is a number, so is the gradient, whatever other units of the network hold:
        see `vizframe.network.nonfinite`."""
        ...

    def gradients(
        self, images: FloatArray, objective: Objective, at: Sequence[str]
    ) -> LayerGradients:
        """Value and gradient of the objective with respect to the images and to the output of
        every one of these layers. Those that it does not depend on are left out, as is its own."""
        ...

    def excitation(
        self,
        objective: Objective,
        *,
        size: tuple[int, int] | None = None,
        rule: ReluRule = "plain",
        exact_field: bool = True,
    ) -> AbstractContextManager[Excitation]:
        """A compiled question for as many images as the objective has units.

        A ``centre`` objective is evaluated on the unit's exact receptive field where that is
        possible and ``exact_field`` is true; ``size`` asks for images of another size.
        """
        ...

    def batch_size(
        self, layer: str, *, size: tuple[int, int] | None = None, exact_field: bool = True
    ) -> int:
        """How many units of the layer to ask at once, sized to memory; with ``exact_field`` false,
        how many whole images: what a mean, or any place but the centre, needs."""
        ...

    def weights(self, layer: str) -> dict[str, FloatArray]:
        """The layer's own parameters, such as ``{"weight": …, "bias": …}``, copied."""
        ...

    def weight_gradients(self, layer: str) -> dict[str, FloatArray]:
        """Their gradients of the last training step, where the model keeps them; else empty."""
        ...

    def randomized(self, seed: int) -> AbstractContextManager[Network]:
        """The same network with its weights drawn anew (each tensor's values shuffled): the
        control of Adebayo et al. 2018. The model itself is not touched."""
        ...
