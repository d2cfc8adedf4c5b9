"""The layers of a net without a graph: its blocks, by what they gave when it was called."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vizframe.errors import NetworkError
from vizframe.gluon.blocks import end_of, node_of
from vizframe.gluon.compat import mx
from vizframe.gluon.graph.folding import STEP_ENDS, is_cell
from vizframe.gluon.graph.graph import Node
from vizframe.gluon.graph.kernels import kernel_order_of
from vizframe.gluon.graph.kinds import kind_of
from vizframe.gluon.graph.labels import Labels, input_labels, output_labels
from vizframe.gluon.graph.nonnegative import cannot_be_negative
from vizframe.gluon.graph.output_axes import IMAGE, BatchAxis, OutputAxes, grown_axis, output_axes
from vizframe.network.layer import Layer


@dataclass(frozen=True, slots=True, eq=False)
class Output:
    """What a block gave when the net was called."""

    block: Any
    value: Any
    inputs: tuple[Any, ...]
    place: int = 0
    """Which of several outputs it is."""
    steps: tuple[Any, ...] = ()
    """What it gave at each step of a loop, of which ``value`` is the whole along time."""

    def whole(self, name: str) -> Any:
        """What can be differentiated by.

        Raises:
            NetworkError: it was called once a step.
        """
        if self.steps:
            raise NetworkError(
                f"layer {name!r} is called once a step, and nothing reads its outputs together; "
                "no gradient can be taken by them"
            )
        return self.value


def leaves(value: Any) -> Iterator[Any]:
    """The single arrays of what a block gave, in nested lists and dicts."""
    if isinstance(value, mx.nd.NDArray):
        yield value
    elif isinstance(value, (list, tuple, dict)):
        for each in value.values() if isinstance(value, dict) else value:
            yield from leaves(each)


def fold_outputs(outputs: Mapping[str, Output]) -> dict[str, Output]:
    """What blocks gave, with those that a loop of cells calls at each step laid along time: see
    `vizframe.gluon.graph.folding`."""
    groups: dict[tuple[int, int], list[str]] = {}
    for name, output in outputs.items():
        groups.setdefault((id(output.block), output.place), []).append(name)
    cells = [names for names in groups.values() if is_cell(outputs[names[0]].block)]
    counts = {len(names) for names in cells if len(names) > 1}
    firsts = {names[0]: names for names in groups.values() if len(names) in counts}
    steps = {name for names in firsts.values() for name in names}
    found: dict[str, Output] = {}
    for name, output in outputs.items():
        if name not in steps:
            found[name] = output
        elif name in firsts and not (is_cell(output.block) and output.place):
            every = [outputs[each] for each in firsts[name]]
            own = name.removesuffix(STEP_ENDS) if is_cell(output.block) else name
            found[own] = _along_time(every)
    return found


def _along_time(every: Sequence[Output]) -> Output:
    values = tuple(each.value for each in every)
    lib = mx.np if isinstance(values[0], mx.np.ndarray) else mx.nd
    whole = lib.stack(values, axis=1) if lib is mx.np else lib.stack(*values, axis=1)
    inputs = tuple(value for each in every for value in each.inputs)
    return Output(every[0].block, whole, inputs, steps=values)


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of an array while the blocks are gone through."""

    name: str
    labels: Labels
    nonnegative: bool = False


def layers_of_outputs(
    one: Mapping[str, Output], two: Mapping[str, Output] | None, sample: Any
) -> tuple[tuple[Layer, ...], dict[str, OutputAxes]]:
    """The layers in the order in which they end, and how each one's output is brought to the core's
    order.

    Args:
        one: what the blocks gave for the sample, which is one image.
        two: what they gave for it and another; None where the net takes only so many.
    """
    known = {id(sample): _Known("data", input_labels(len(sample.shape)))}
    layers, axes = [], {}
    for name, output in one.items():
        node = node_of(output.block)
        sources = [known.get(id(each)) for each in output.inputs]
        labels = _labels(node, output, sources)
        never = [source is not None and source.nonnegative for source in sources]
        nonnegative = cannot_be_negative(end_of(output.block), never)
        for value in (output.value, *output.steps):
            known[id(value)] = _Known(name, labels, nonnegative)
        batch = _batch(output.value, two[name].value if two else None)
        own = output_axes(labels, batch, tuple(output.value.shape), images=len(sample.shape) > 3)
        axes[name] = own
        read = [source.name for source in sources if source is not None and source.name != name]
        layers.append(_layer(name, output, node, own, read, nonnegative))
    return tuple(layers), axes


def _layer(
    name: str, output: Output, node: Node, axes: OutputAxes, read: Sequence[str], never: bool
) -> Layer:
    shape = axes.layer_shape(output.value.shape)
    return Layer(
        name=name,
        operator=type(output.block).__name__
        + (f" of {len(output.steps)} steps" if output.steps else ""),
        shape=shape,
        units=shape[axes.unit_axis] if shape else 1,
        parameters={
            short: kernel_order_of(node, short).shape(tuple(each.shape))
            for short, each in output.block._reg_params.items()
        },
        inputs=tuple(dict.fromkeys(read)),
        kind=kind_of(node),
        axes=axes.names,
        nonnegative=never,
    )


def _labels(node: Node, output: Output, sources: Sequence[_Known | None]) -> Labels:
    """The labels of the output's axes; None for those of an array that no block gave."""
    if output.steps:
        return (IMAGE, "time", *(None,) * (len(output.value.shape) - 3), "unit")
    shapes = [tuple(each.shape) for each in output.inputs if hasattr(each, "shape")]
    given = [
        (None,) * len(each.shape) if source is None else source.labels
        for each, source in zip(output.inputs, sources, strict=True)
        if hasattr(each, "shape")
    ]
    return output_labels(node, given, shapes, output.place, tuple(output.value.shape))


def _batch(one: Any, two: Any | None) -> BatchAxis:
    """Where the images lie in an output, by its shapes for one image and for two."""
    if two is None:
        return BatchAxis()
    grown = grown_axis(tuple(one.shape), tuple(two.shape))
    if grown is None:
        return BatchAxis()
    axis, length = grown
    if length == 1:
        return BatchAxis(axis)
    alone, both = one.asnumpy(), two.asnumpy()
    first = both.reshape(*both.shape[:axis], length, 2, *both.shape[axis + 1 :])
    same = np.allclose(np.take(first, 0, axis + 1), alone, rtol=1e-4, atol=1e-6, equal_nan=True)
    return BatchAxis(axis, before=length) if same else BatchAxis(axis, after=length)
