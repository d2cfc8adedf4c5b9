"""The target of a question: which numbers of a layer's output, as weights on that output.

response to image b = Σ output[b, unit_b, y, x] · at[b, y, x]      centre: one 1;  mean: all 1/n
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from vizframe.errors import NetworkError, UsageError
from vizframe.network import FloatArray, Objective
from vizframe.network.layer import Layer


def refuse_units(layer: Layer, units: npt.NDArray[np.int64]) -> None:
    """Raises UsageError for the first unit that the layer does not have."""
    wrong = units[(units < 0) | (units >= layer.units)]
    if len(wrong):
        raise UsageError(
            f"unit is {int(wrong[0])}; it can be 0 to {layer.units - 1} in layer {layer.name!r}"
        )


def refuse_flat(network: str, shape: Sequence[int]) -> None:
    """Raises NetworkError unless the network's inputs, of this shape, are images."""
    if len(shape) != 3:
        raise NetworkError(
            f"the network {network!r} takes inputs of shape {tuple(shape)}; it can be "
            "(channels, y, x) where pictures are climbed to"
        )


def refuse_shape(layer: str, output: Sequence[int], batch: int) -> None:
    """Raises NetworkError where the output is not one row of units per image."""
    if len(output) < 2 or output[0] != batch:
        raise NetworkError(
            f"layer {layer!r} gives {tuple(output)} for {batch} images; its units can be asked "
            "where it is (images, units, …)"
        )


def centre(shape: Sequence[int]) -> tuple[int, int]:
    """The place at the centre of a map (…, y, x)."""
    return shape[-2] // 2, shape[-1] // 2


def unit_places(objective: Objective, shape: Sequence[int]) -> npt.NDArray[np.int64] | None:
    """The place asked for on each image, (batch, 2), or None: the mean of all that a unit gives.

    Raises:
        UsageError: a place lies outside the map.
    """
    inner, batch = tuple(shape[2:]), len(objective.units)
    if len(inner) != 2:
        return None
    if isinstance(objective.place, str):
        return None if objective.place == "mean" else np.tile(centre(shape), (batch, 1))
    places = np.asarray(objective.place, np.int64)
    if places.shape != (batch, 2):
        raise UsageError(
            f"place has shape {places.shape}; it can be ({batch}, 2), one (y, x) per image"
        )
    outside = ((places < 0) | (places >= inner)).any(axis=1)
    if outside.any():
        y, x = places[outside][0]
        raise UsageError(
            f"place is ({y}, {x}); it can be (0, 0) to {(inner[0] - 1, inner[1] - 1)} "
            f"in layer {objective.layer!r}"
        )
    return places


def unit_times(objective: Objective, shape: Sequence[int]) -> npt.NDArray[np.int64] | None:
    """The place in time asked for in each sequence, (batch,), where the layer has such and the
    objective one number for each; None: all of them.

    Raises:
        UsageError: a place lies outside the sequence.
    """
    if len(shape) != 3 or isinstance(objective.place, str):
        return None
    times = np.asarray(objective.place, np.int64)
    if times.shape != (len(objective.units),):
        return None
    outside = times[(times < 0) | (times >= shape[2])]
    if len(outside):
        raise UsageError(
            f"place is {int(outside[0])}; it can be 0 to {shape[2] - 1} in time in layer "
            f"{objective.layer!r}"
        )
    return times


def check_objective(objective: Objective, layer: Layer, count: int) -> None:
    """Raises NetworkError unless the objective has one unit for each of so many images, and
    UsageError for a unit that the layer does not have."""
    if len(objective.units) != count:
        raise NetworkError(
            f"the objective has {len(objective.units)} units for {count} images; "
            "it can have one unit per image"
        )
    refuse_units(layer, objective.units)


def check_opened(objective: Objective, layer: Layer, count: int) -> None:
    """Raises NetworkError unless the objective asks what an excitation was opened for, so many
    units of the layer, and UsageError for a unit that the layer does not have."""
    if objective.layer != layer.name or len(objective.units) != count:
        raise NetworkError(
            f"the question is of {len(objective.units)} units of {objective.layer!r}; it can be "
            f"of {count} units of {layer.name!r}, as it was opened"
        )
    refuse_units(layer, objective.units)


def selection_weights(objective: Objective, shape: Sequence[int]) -> FloatArray:
    """One weight per output, of this shape: zero but for each image's own unit and place."""
    images, units = np.arange(len(objective.units)), objective.units
    weights = np.zeros(shape, np.float32)
    times = unit_times(objective, shape)
    places = unit_places(objective, shape)
    if times is not None:
        weights[images, units, times] = 1
    elif places is None:
        weights[images, units] = 1 / np.prod(shape[2:], dtype=np.int64)
    else:
        weights[images, units, places[:, 0], places[:, 1]] = 1
    return weights


def output_weights(objective: Objective, shape: Sequence[int]) -> FloatArray:
    """Where the backward pass starts: `selection_weights` times each image's output gradient."""
    weights = selection_weights(objective, shape)
    if objective.output_gradients is not None:
        weights *= objective.output_gradients.reshape(-1, *(1,) * (weights.ndim - 1))
    return weights


def read(objective: Objective, output: FloatArray) -> FloatArray:
    """Each image's own activation, (batch,)."""
    images, units = np.arange(len(objective.units)), objective.units
    places = unit_places(objective, output.shape)
    times = unit_times(objective, output.shape)
    if times is not None:
        responses: FloatArray = output[images, units, times]
    elif places is None:
        responses = output[images, units].reshape(len(images), -1).mean(axis=1)
    else:
        responses = output[images, units, places[:, 0], places[:, 1]]
    return responses
