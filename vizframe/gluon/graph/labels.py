"""What each axis of each output is, followed through the operators from the input on.

image (·, unit, y, x) ─ Convolution ─► (·, unit, y, x) ─ reshape ─► (·, unit, grid)
    ─ transpose ─► (·, grid, unit) ─ FullyConnected(flatten=False) ─► (·, grid, unit)
"""

from __future__ import annotations

import ast
import math
from collections.abc import Sequence
from itertools import pairwise

from vizframe.gluon.graph.graph import Node
from vizframe.gluon.graph.kinds import base_name, kind_of
from vizframe.gluon.graph.output_axes import IMAGE, Grid, Label
from vizframe.gluon.graph.shapes import Shape

Labels = tuple[Label, ...]

_MAPS: dict[int, Labels] = {
    2: (IMAGE, "unit"),
    3: (IMAGE, "unit", "time"),
    4: (IMAGE, "unit", "y", "x"),
    5: (IMAGE, "unit", "z", "y", "x"),
}


def input_labels(rank: int) -> Labels:
    """The labels of a network's input: images have their channels first, sequences their features
    last."""
    return (
        (IMAGE, "time", "unit") if rank == 3 else _MAPS.get(rank, (IMAGE,) + (None,) * (rank - 1))
    )


def output_labels(
    node: Node, given: Sequence[Labels], shapes: Sequence[Shape], output: int, made: Shape
) -> Labels:
    """The labels of one of an operator's outputs.

    Args:
        given, shapes: the labels and shapes of its inputs.
        made: the output's own shape.
    """
    rank = len(made)
    unknown: Labels = (None,) * rank
    found = _by_kind(node, given, rank, output) or _by_name(node, given, shapes, made)
    if found is None:
        found = _as_an_input(given, rank)
    return found if found is not None and len(found) == rank else unknown


def _by_kind(node: Node, given: Sequence[Labels], rank: int, output: int) -> Labels | None:
    """The labels behind operators that decide by themselves what their axes are."""
    name = base_name(node.operator)
    first = given[0] if given else ()
    match kind_of(node):
        case "convolution" | "transposed convolution":
            return _planes(node, rank)
        case "dense":
            whole = node.flag("flatten", default=True)
            return (IMAGE, "unit") if whole else (*_places(first)[:-1], "unit")
        case "embedding":
            return (*(_places(first) if len(first) > 1 else first), "unit")
        case "attention" if name.endswith("_qk"):
            return (IMAGE, "time", "source")
        case "recurrent":
            return _of_recurrent(node, rank, output)
        case "pooling" if name.startswith(("pooling", "adaptiveavg", "roi")):
            return _planes(node, rank)
        case "normalization" if name in ("instancenorm", "groupnorm", "lrn"):
            return _planes(node, rank)
        case "normalization":
            return _normalized(node, first)
    return None


def _of_recurrent(node: Node, rank: int, output: int) -> Labels | None:
    """The labels behind an operator or block that goes along a sequence, and of the states that it
    ends in; a cell makes one step."""
    if rank == 2:
        return (IMAGE, "unit")
    if output > 0:
        return ("place", IMAGE, "unit")
    first = node.attributes.get("layout", "").startswith("N")
    return (IMAGE, "time", "unit") if first else ("time", IMAGE, "unit")


def _planes(node: Node, rank: int) -> Labels | None:
    """The labels behind an operator that slides over maps, by its layout, such as NCHW or NWC."""
    labels = _MAPS.get(rank)
    if labels is None or not node.attributes.get("layout", "").endswith("C"):
        return labels
    return (labels[0], *labels[2:], labels[1])


def _places(labels: Labels) -> Labels:
    """The labels of axes that no longer number units: such an axis has places of a sequence, or,
    beside tokens of an image, other places."""
    other: Label = "place" if any(isinstance(each, Grid) for each in labels) else "time"
    return tuple(other if each == "unit" else each for each in labels)


def _normalized(node: Node, first: Labels) -> Labels:
    """The labels behind a normalization: the axis along which it has a number for each unit is that
    of the units."""
    usual = 1 if base_name(node.operator).startswith(("batchnorm", "batch_norm")) else -1
    axis = int(node.attributes.get("axis", usual))
    if "unit" in first or not -len(first) <= axis < len(first):
        return first
    labels = list(first)
    labels[axis] = "unit"
    return tuple(labels)


def _by_name(
    node: Node, given: Sequence[Labels], shapes: Sequence[Shape], made: Shape
) -> Labels | None:
    """The labels behind operators that move, cut, merge or make axes."""
    if not given:
        return None
    name, first = base_name(node.operator), given[0]
    match name:
        case "flatten":
            return (IMAGE, "unit")
        case "transpose":
            order = node.numbers("axes", tuple(reversed(range(len(first)))))
            return tuple(first[axis] for axis in order)
        case "swapaxis" | "swapaxes":
            return _swapped(node, first)
        case "expand_dims" | "stack":
            axis = int(node.attributes.get("axis", 0)) % len(made)
            return (*first[:axis], None, *first[axis:])
        case "dot" if len(given) == 2:
            return (*first[:-1], "unit")
        case "batch_dot" | "linalg_gemm2" | "matmul" if len(given) == 2:
            return _product(node, given)
        case "mean" | "sum" | "max" | "min" | "prod" | "norm" | "argmax" | "argmin" | "squeeze":
            return _reduced(node, first, shapes[0], made)
    if name in ("reshape", "reshape_like") or len(made) != len(first):
        return _reshaped(first, shapes[0], made)
    return None


def _swapped(node: Node, first: Labels) -> Labels:
    """The labels behind ``SwapAxis(dim1, dim2)`` and ``swapaxes(dim1, dim2)``."""
    a, b = (int(node.attributes.get(key, 0)) for key in ("dim1", "dim2"))
    labels = list(first)
    labels[a], labels[b] = labels[b], labels[a]
    return tuple(labels)


def _product(node: Node, given: Sequence[Labels]) -> Labels:
    """The labels of a product, rows of the first by columns of the second: where two sequences are
    matched, the second is the source."""
    left, right = given
    turned = node.flag("transpose_b") and len(right) > 1
    column = right[-2] if turned else right[-1]
    row = left[-1] if node.flag("transpose_a") else left[-2]
    places = column == "time" or isinstance(column, Grid)
    return (*left[:-2], row, "source" if places and row == column else column)


def _reduced(node: Node, first: Labels, shape: Shape, made: Shape) -> Labels | None:
    """The labels without those of the axes that are summed over."""
    if len(made) == len(first):
        return first
    text = node.attributes.get("axis", "None")
    axis = ast.literal_eval(text)
    if axis is None:
        axis = [i for i, length in enumerate(shape) if length == 1 and i > 0]
    gone = {each % len(first) for each in ([axis] if isinstance(axis, int) else axis)}
    if node.flag("exclude"):
        gone = set(range(len(first))) - gone
    return tuple(label for i, label in enumerate(first) if i not in gone)


def _reshaped(first: Labels, shape: Shape, made: Shape) -> Labels:
    """An axis that is whole behind the reshape keeps its label; several that are laid together are
    a grid where they were a map, else units where units are among them. A grid may be a map again.
    """
    labels: list[Label] = []
    for axis, length in enumerate(made):
        inner, outer = math.prod(made[axis + 1 :]), math.prod(made[axis:])
        within = [
            i
            for i in range(len(shape))
            if math.prod(shape[i + 1 :]) >= inner and math.prod(shape[i:]) <= outer
            if shape[i] > 1 or length == 1
        ]
        covered = math.prod(shape[i] for i in within) == length
        labels.append(_merged([(first[i], shape[i]) for i in within]) if covered else None)
    return _laid_out(labels, first, made)


def _laid_out(labels: list[Label], first: Labels, made: Shape) -> Labels:
    """The labels with y and x where a grid was taken apart again."""
    for grid in first:
        if not isinstance(grid, Grid) or grid in labels:
            continue
        for axis, pair in enumerate(pairwise(made)):
            if pair == (grid.y, grid.x) and labels[axis : axis + 2] == [None, None]:
                labels[axis : axis + 2] = ["y", "x"]
                break
    return tuple(labels)


def _merged(parts: Sequence[tuple[Label, int]]) -> Label:
    """The label of several axes, each with its length, that are merged into one."""
    labels = [label for label, _ in parts]
    if len(labels) == 1:
        return labels[0]
    if labels == ["y", "x"]:
        return Grid(parts[0][1], parts[1][1])
    if "unit" in labels:
        return "unit"
    known = [label for label in labels if label is not None]
    return "time" if known and IMAGE not in known else None


def _as_an_input(given: Sequence[Labels], rank: int) -> Labels | None:
    """The labels behind an operator that works place by place: those of the input whose axes are
    known best."""
    fitting = [labels for labels in given if len(labels) == rank]
    known = [sum(label is not None for label in labels) for labels in fitting]
    return fitting[known.index(max(known))] if fitting else None
