"""Which filter of one run is which of another: units paired by what they do on the same inputs.

A training that starts from another seed learns much the same filters under other numbers. Units are
alike as far as their activations on the same probe correlate (Pearson's r over all images and
places; Li et al. 2015, *Convergent learning*), and are paired so that the sum of r is greatest, one
to one. A pair below the threshold is none: both units are said to be without a counterpart.

    A  0 1 2 3          r      B 0   B 1   B 2
       │ │ │ └ none     A 0    .9    .1    .2      A 0 – B 0
       │ └─┼─┐          A 1    .3    .2    .8      A 1 – B 2
       0   1 2  B       A 2    .1    .7    .6      A 2 – B 1

Kernels of a layer that reads the network's input can be compared themselves; deeper ones read units
that are themselves in another order.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vizframe.errors import UsageError
from vizframe.history.contract import History
from vizframe.history.declaration import Declaration
from vizframe.network import FloatArray

THRESHOLD = 0.5
"""Least r of a pair."""

MOST_SAMPLES = 8192
"""Values of each unit that are compared; of more, every so-manieth."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Matching:
    """Pairs of units.

    Attributes:
        partner: of each unit of A, the unit of B; -1 of one without a counterpart.
        correlation: r with the likest unit of B: that of the pair, or, without one, the greatest
            that any has. NaN of a unit that never changes.
        unmatched: units of B without a counterpart.
    """

    partner: npt.NDArray[np.int64]
    correlation: Floats
    unmatched: npt.NDArray[np.int64]


def match(a: FloatArray, b: FloatArray, threshold: float = THRESHOLD) -> Matching:
    """Pair the rows of two arrays, (unit, value), by correlation.

    Raises:
        UsageError: they have other numbers of values.
    """
    if a.shape[1] != b.shape[1]:
        raise UsageError(
            f"A's units have {a.shape[1]} values each and B's {b.shape[1]}; they can be matched "
            "where they have as many"
        )
    table = correlations(a, b)
    rows, columns = assign(np.nan_to_num(table, nan=-1.0))
    partner = np.full(len(a), -1, np.int64)
    good = table[rows, columns] >= threshold
    partner[rows[good]] = columns[good]
    with np.errstate(invalid="ignore"):
        likest = np.where(np.isnan(table), -np.inf, table).max(axis=1, initial=-np.inf)
    found = np.where(np.isfinite(likest), likest, np.nan)
    found[rows[good]] = table[rows[good], columns[good]]
    return Matching(partner, found, np.setdiff1d(np.arange(len(b)), partner))


def correlations(a: FloatArray, b: FloatArray) -> Floats:
    """Pearson's r of every row of A with every row of B; NaN where a row is one value throughout,
    or holds what is no number."""
    first, second = _standardised(a), _standardised(b)
    return np.clip(first @ second.T, -1.0, 1.0)


def _standardised(values: FloatArray) -> Floats:
    """Rows of mean 0 and length 1."""
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        rows = values.astype(np.float64)
        rows -= rows.mean(axis=1, keepdims=True)
        lengths = np.sqrt((rows**2).sum(axis=1, keepdims=True))
        reach = np.abs(values.astype(np.float64)).max(axis=1, keepdims=True, initial=0.0)
        flat = lengths <= 1e-9 * reach * np.sqrt(max(1, values.shape[1]))
        found: Floats = np.where(flat, np.nan, rows / lengths)
    return found


def assign(gain: Floats) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Rows and columns paired one to one, as many as there can be, so that the sum of gains is
    greatest (Kuhn 1955, with shortest augmenting paths as of Jonker and Volgenant 1987)."""
    if gain.shape[0] > gain.shape[1]:
        columns, rows = assign(gain.T)
        order = np.argsort(rows)
        return rows[order], columns[order]
    cost = -gain
    count, width = cost.shape
    row_price, column_price = np.zeros(count + 1), np.zeros(width + 1)
    owner = np.zeros(width + 1, np.int64)  # which row, from 1, has a column; column 0 begins
    for row in range(1, count + 1):
        owner[0] = row
        _augment(cost, owner, row_price, column_price)
    pairs = sorted(
        (owner[column] - 1, column - 1) for column in range(1, width + 1) if owner[column]
    )
    found = np.array(pairs, np.int64).reshape(-1, 2)
    return found[:, 0], found[:, 1]


def _augment(
    cost: Floats, owner: npt.NDArray[np.int64], row_price: Floats, column_price: Floats
) -> None:
    """Give the row that waits at column 0 a column, moving others where that is cheaper."""
    width = cost.shape[1]
    least = np.full(width + 1, np.inf)
    way = np.zeros(width + 1, np.int64)
    seen = np.zeros(width + 1, bool)
    at = 0
    while owner[at]:
        seen[at] = True
        row = owner[at]
        open_columns = np.flatnonzero(~seen[1:]) + 1
        reduced = cost[row - 1, open_columns - 1] - row_price[row] - column_price[open_columns]
        shorter = reduced < least[open_columns]
        least[open_columns[shorter]] = reduced[shorter]
        way[open_columns[shorter]] = at
        following = open_columns[np.argmin(least[open_columns])]
        step = least[following]
        row_price[owner[seen]] += step
        column_price[seen] -= step
        least[~seen] -= step
        at = int(following)
    while at:
        before = way[at]
        owner[at] = owner[before]
        at = int(before)


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """One of the two: a layer of a run at a step."""

    history: History
    layer: str
    step: int

    def declaration(self, label: str) -> Declaration:
        """The series of a plugin's main picture.

        Raises:
            UsageError: the run has none of this layer, or not at this step.
        """
        for key, each in self.history.declarations.items():
            if (key.label, key.part, key.layer, key.rank) == (label, "", self.layer, 0):
                if self.step not in self.history.series_steps(key):
                    break
                return each
        raise UsageError(
            f"run {self.history.info.name!r} has no {label} of layer {self.layer!r} at step "
            f"{self.step}; units are matched at a step that has it"
        )

    def activations(self) -> FloatArray:
        """What each unit does on the probe, (unit, value)."""
        found = self.declaration("activation")
        if found.tile_axes != ("probe", "unit"):
            raise UsageError(
                f"layer {self.layer!r} has axes {', '.join(found.axes)}; units can be matched by "
                "activations of probe, unit and places"
            )
        images = found.tile_shape[0]
        places = int(np.prod(found.picture_shape, dtype=np.int64))
        stride = max(1, -(-images * places // MOST_SAMPLES))
        parts = []
        for image in range(images):
            values = self.history.tiles(found.key, self.step, (image,)).values()
            parts.append(values.reshape(found.tile_shape[1], -1)[:, :: min(stride, places)])
        return np.concatenate(parts, axis=1)

    def kernels(self, *, same_inputs: bool) -> FloatArray:
        """Each unit's kernel, (unit, value).

        Args:
            same_inputs: whether what the kernels read is in the same order on both sides anyway.
        """
        found = self.declaration("weights")
        known = {each.name: each for each in self.history.info.layers}
        own = known.get(self.layer)
        reads_units = own is None or any(name in known for name in own.inputs)
        if reads_units and not same_inputs:
            raise UsageError(
                f"layer {self.layer!r} reads units that are in another order in each run; match it "
                "by activations"
            )
        values = self.history.tiles(found.key, self.step).values()
        axis = found.tile_axes.index("unit") if "unit" in found.tile_axes else 0
        return np.moveaxis(values, axis, 0).reshape(values.shape[axis], -1)


def match_sides(a: Side, b: Side, by: str, threshold: float = THRESHOLD) -> Matching:
    """Pair the units of two layers.

    Args:
        by: ``activation`` or ``weights``.

    Raises:
        UsageError: they were looked at by other inputs, or cannot be compared so.
    """
    if by == "weights":
        same = a.history.info.id == b.history.info.id
        return match(a.kernels(same_inputs=same), b.kernels(same_inputs=same), threshold)
    if by != "activation":
        raise UsageError(f"by is {by!r}; it can be activation or weights")
    probes = [side.history.probe for side in (a, b)]
    images = [None if each is None else each.images for each in probes]
    if images[0] is None or images[1] is None or not np.array_equal(images[0], images[1]):
        raise UsageError(
            "the two runs have other probes; units can be matched by what they do on the same one: "
            "record both with --probe"
        )
    return match(a.activations(), b.activations(), threshold)
