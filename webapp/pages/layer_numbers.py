"""One number for each layer, such as its share of dead units: what the graph is coloured by.

scalars of the run ──► the last that was told of each layer ──► 0 … 1, as colours need them
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vizframe.history import Scalars
from vizframe.history.vital_names import LAYER_RATIO


@dataclass(frozen=True, slots=True)
class LayerNumber:
    """A number that layers have.

    Attributes:
        name: in a node of the graph.
        words: what the page calls it.
        prefixes: of the scalars that it is read from; the layer's name follows. The first that
            the run has counts.
        is_share: whether it lies between 0 and 1; others are drawn on a logarithmic scale from
            the least to the largest of the layers.
    """

    name: str
    words: str
    prefixes: tuple[str, ...]
    is_share: bool = False


NUMBERS = (
    LayerNumber("dead", "share of dead units", ("activation/share of silent units/",), True),
    LayerNumber("gradient", "gradient norm", ("gradient_norm/",)),
    LayerNumber("update", "update ratio", (LAYER_RATIO,)),
    LayerNumber("weight", "weight norm", ("weight_norm/",)),
    LayerNumber("change", "change of the weight norm", ()),
)


def last_numbers(scalars: Scalars) -> dict[str, dict[str, float]]:
    """By the name of the number, what was told last of each layer; only what was told at all."""
    found: dict[str, dict[str, float]] = {}
    for number in NUMBERS:
        for prefix in number.prefixes:
            of_layers = {
                name.removeprefix(prefix): value
                for name, values in scalars.values.items()
                if name.startswith(prefix) and (value := _last(values)) is not None
            }
            if of_layers:
                found[number.name] = of_layers
                break
    if "weight" in found:
        found.setdefault("change", _changes(scalars))
    return {name: each for name, each in found.items() if each}


def _changes(scalars: Scalars) -> dict[str, float]:
    """How far the length of each layer's weights moved last, as a share of it."""
    found = {}
    for name, values in scalars.values.items():
        known = values[np.isfinite(values)]
        if name.startswith("weight_norm/") and len(known) > 1 and known[-2]:
            moved = abs(known[-1] - known[-2]) / abs(known[-2])
            found[name.removeprefix("weight_norm/")] = float(moved)
    return found


def _last(values: npt.NDArray[np.float64]) -> float | None:
    known = values[np.isfinite(values)]
    return float(known[-1]) if len(known) else None


def as_colours(number: LayerNumber, of_layers: Mapping[str, float]) -> dict[str, float]:
    """From 0 (as the page is) to 1 (the full colour)."""
    if number.is_share:
        return dict(of_layers)
    logs = {name: float(np.log10(max(value, 1e-12))) for name, value in of_layers.items()}
    low, high = min(logs.values()), max(logs.values())
    return {name: (each - low) / (high - low) if high > low else 0.5 for name, each in logs.items()}
