"""Trajectory: how a recurrent layer's state moves along a text, in components that stay."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt
from pydantic import Field, PrivateAttr

from vizframe.errors import NetworkError
from vizframe.network import FloatArray
from vizframe.network.layer import Layer
from vizframe.plugin import Growth, Plugin, Scene
from vizframe.plugin.column import Column
from vizframe.plugin.frame import Frame, Picture
from vizframe.sequences.layers import recurrent_layers


class Basis(NamedTuple):
    """The step whose states it was fitted to, their mean (unit,), components (component, unit)."""

    step: int
    mean: FloatArray
    axes: FloatArray


class Trajectory(Plugin):
    """How a recurrent layer's state moves along each text, in a few principal components.

    They are those of the first recorded step, or of the last up to the step ``until``, and stay the
    same from then on, so that what moves from one step to the next is the network and not the view.
    How much of the states' variance they hold is said at each step.
    """

    name: ClassVar[str] = "trajectory"
    grows_with: ClassVar[tuple[Growth, ...]] = ("images",)
    makes: ClassVar[tuple[Picture, ...]] = (
        Picture(
            axes=("probe", "component", "time"),
            title="trajectory of the state",
            draw="text",
            signed=True,
            encoding="float16",
            help="The layer's output along principal components that are fitted once.",
            columns={
                "explained": Column(
                    "The share of the variance over all texts, at this step, along it.",
                    role="strength",
                ),
                "when fitted": "The share at the step that it was fitted to.",
            },
        ),
    )

    images: int | None = Field(
        4,
        ge=1,
        description="How many texts or sequences of the probe, from the first; all if null.",
    )
    components: int = Field(3, ge=1, le=16, description="How many components.")
    until: int = Field(
        0,
        ge=0,
        description="The components are fitted anew at each recorded step up to this one, and stay "
        "from then on.",
    )

    _bases: dict[str, tuple[Basis, FloatArray]] = PrivateAttr(default_factory=dict)

    def visualize(self, scene: Scene) -> Iterator[Frame]:
        for layer in recurrent_layers(scene):
            with scene.leave_out_refused(layer):
                yield self._frame(scene, layer)

    def _frame(self, scene: Scene, layer: Layer) -> Frame:
        states = scene.activations(layer)[: self.images]
        known = _known(states, [len(each) for each in scene.probe.tokens])
        if layer.name not in self._bases or scene.step <= self.until:
            basis = fit(scene.step, states[known], self.components)
            self._bases[layer.name] = basis, explained(basis, states[known])
        basis, when_fitted = self._bases[layer.name]
        with np.errstate(invalid="ignore", over="ignore"):
            path = (states - basis.mean) @ basis.axes.T
        path[~known] = 0
        shares = explained(basis, states[known])
        tiles = (len(states), len(shares))
        total = float(shares.sum())
        return Frame(
            layer.name,
            np.ascontiguousarray(path.transpose(0, 2, 1), np.float32),
            columns={
                "explained": np.broadcast_to(shares, tiles).copy(),
                "when fitted": np.broadcast_to(when_fitted, tiles).copy(),
            },
            notes=(f"The components are those of step {basis.step}",),
            scalars={"variance in the components": total} if np.isfinite(total) else {},
        )


def _known(states: FloatArray, lengths: list[int]) -> npt.NDArray[np.bool_]:
    """Which places are within a text, (text, time), and not its fill."""
    steps = states.shape[1]
    ends = np.array((lengths or [steps] * len(states))[: len(states)])
    inside: npt.NDArray[np.bool_] = np.arange(steps) < ends[:, None]
    return inside


def fit(step: int, states: FloatArray, components: int) -> Basis:
    """The principal components of states, (place, unit), each so that its largest part is positive.

    Raises:
        NetworkError: they are not finite, and so have none.
    """
    if not np.isfinite(states).all():
        raise NetworkError(
            "the states are not finite; their components can be fitted where all of them are"
        )
    mean = states.mean(axis=0, dtype=np.float64)
    axes = np.linalg.svd(states - mean, full_matrices=False)[2][:components]
    largest = axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)]
    axes = axes * np.where(largest < 0, -1, 1)[:, None]
    return Basis(step, mean.astype(np.float32), axes.astype(np.float32))


def explained(basis: Basis, states: FloatArray) -> FloatArray:
    """The share of the states' own variance along each component; 0 of states that do not move."""
    with np.errstate(invalid="ignore", over="ignore"):
        centred = states - states.mean(axis=0)
        along = ((centred @ basis.axes.T) ** 2).sum(axis=0)
        whole = (centred**2).sum()
        shares = along / whole if whole != 0 else np.zeros_like(along)
    return np.asarray(shares, np.float32)
