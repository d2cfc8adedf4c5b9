"""The way back of a deconvnet, one operator after the other, without going forward again.

    forward, once for all questions    image ─ conv ─ ReLU ─ pool ─ conv ─ …
                                                             │ its input is kept
    back, for each batch of questions  image ◄ convᵀ ◄ rectify ◄ unpool ◄ convᵀ ◄ a single place

A convolution goes back by its transpose, a normalization by its factor, a ReLU rectifies what it
is given: none of them needs to know the image. Only where the image decides (which place was the
maximum) is the input kept, and any operator that is not known here is asked for its own gradient.

Each signal is cut to its support (`vizframe.graph.support`) until that fills the map, so that a
place at the rim costs no more than one in the middle.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from vizframe.gluon.compat import mx
from vizframe.gluon.graph.differentiable import nodes_with_gradient
from vizframe.gluon.graph.graph import Entry, Graph, Node
from vizframe.gluon.graph.parameters import Arrays
from vizframe.gluon.graph.rules import is_bounded_relu, is_relu
from vizframe.gluon.graph.shapes import Shape
from vizframe.gluon.graph.window import maps_of, window_of
from vizframe.gluon.question.cut import Cut
from vizframe.graph.support import Places, Support, supports
from vizframe.graph.target import output_weights
from vizframe.network import FloatArray, Objective

LOWEST = -3.40282347e38
"""What surrounds a map whose maxima are taken."""

ALIVE = 5
"""Signals of the largest size that exist at once."""

_PASSED_ON = frozenset(("Dropout", "identity", "_copy", "_plus_scalar", "_minus_scalar"))
_ADDED = frozenset(("elemwise_add", "_plus", "_Plus", "add_n", "broadcast_add", "_add"))
_LINEAR = frozenset(
    (
        *("Flatten", "Reshape", "reshape", "Concat", "mean", "sum", "transpose", "SwapAxis"),
        *(
            "slice",
            "slice_axis",
            "slice_like",
            "expand_dims",
            "squeeze",
            "Pad",
            "pad",
            "SliceChannel",
        ),
        *("elemwise_sub", "broadcast_sub", "UpSampling", "Deconvolution", "_mul_scalar"),
        *("_div_scalar", "negative", "_rminus_scalar", "depth_to_space", "space_to_depth"),
    )
)
"""Operators whose gradient is the same whatever they are given."""

Forward = Callable[[FloatArray, tuple[Entry, ...]], Mapping[Entry, FloatArray]]
"""The values of entries, (images, …), for some images."""


class Deconvnet:
    """The way back from one layer, for questions about any of the images that went forward.

    Args:
        graph: for inference, with its own ReLUs; the target is its one head.
        shapes: of all that the target needs, for one image.
    """

    def __init__(
        self, graph: Graph, data: int, shapes: Mapping[Entry, Shape], arrays: Arrays, context: Any
    ) -> None:
        self._graph, self._data, self._shapes = graph, data, shapes
        self._arrays, self._context = arrays, context
        self._target = graph.heads[0]
        firsts = {index: shape for (index, output), shape in shapes.items() if output == 0}
        self._maps = maps_of(graph, data, firsts)
        self._passed = nodes_with_gradient(graph, self._target) & set(self._maps)
        self._supports = supports(self._maps, self._target[0], self._passed, self._cuts)
        self._readers = Counter(
            source for index in self._passed for source, _ in graph.nodes[index].inputs
        )
        self._operators: dict[int, Any] = {}
        self._copies: dict[str, Any] = {}

    @property
    def is_known(self) -> bool:
        """Whether the way back can be gone: an operator of a user's own has none here, nor has one
        that reads what is computed beside the images, such as a weight or another input."""
        ways = [self._graph.nodes[index] for index in self._passed if index != self._data]
        beside = {i for node in ways for i, _ in node.inputs if i not in self._passed}
        known = all(self._graph.nodes[index].name in self._arrays for index in beside)
        return known and not any(node.operator == "Custom" for node in ways)

    @property
    def kept(self) -> tuple[Entry, ...]:
        """What has to be known of the images: the inputs of the operators that look at them."""
        asked = (self._graph.nodes[i] for i in sorted(self._passed) if i != self._data)
        inputs = (entry for node in asked if not _is_linear(node) for entry in node.inputs)
        return tuple(dict.fromkeys(entry for entry in inputs if entry[0] in self._passed))

    @property
    def floats(self) -> int:
        """How many numbers the largest signal of one question has."""
        return max(math.prod(self._size_of((index, 0))) for index in self._passed)

    def rounds(self, images: int, memory: int) -> int:
        """In how many groups so many images have to go forward, for their kept values to fit."""
        each = 4 * sum(math.prod(self._shapes[entry][1:]) for entry in self.kept)
        return min(images, -(-images * each // memory)) if each else 1

    def keep(self, images: FloatArray, forward: Forward) -> dict[Entry, FloatArray]:
        """The values of `kept` for these images."""
        wanted = tuple(entry for entry in self.kept if entry[0] != self._data)
        found = dict(forward(images, wanted)) if wanted else {}
        return {**found, (self._data, 0): images}

    def project(
        self, objective: Objective, chosen: Places, kept: Mapping[Entry, FloatArray]
    ) -> tuple[FloatArray, Places]:
        """What arrives at the image, and the row and column at which each of it begins.

        Args:
            objective: one unit and place per question.
            chosen: which of the images that ``kept`` is of, (questions,).
            kept: the values of `kept`, (images, …).
        """
        signals: dict[Entry, Any] = {self._target: self._start(objective)}
        cut = Cut(self._placed(objective), chosen, kept, self._context)
        for index in sorted(self._passed, reverse=True):
            found = {o: signals.pop((i, o)) for i, o in list(signals) if i == index}
            if not found:
                continue
            support, size = self._supports[index], self._maps[index].size
            if support is not None and size is not None:
                found = {o: cut.on_map(each, support, size) for o, each in found.items()}
            if index == self._data:
                return self._arrived(found[0].asnumpy(), cut)
            for entry, signal in self._back(index, found, cut):
                if entry[0] in self._passed:
                    signals[entry] = signal if entry not in signals else signals[entry] + signal
        shape = (len(chosen), *self._shapes[self._data, 0][1:])
        return np.zeros(shape, np.float32), np.zeros((len(chosen), 2), np.int64)

    def _arrived(self, values: FloatArray, cut: Cut) -> tuple[FloatArray, Places]:
        support = self._supports[self._data]
        return values, cut.starts(support)

    def _placed(self, objective: Objective) -> Places:
        if isinstance(objective.place, str):
            return np.zeros((len(objective.units), 2), np.int64)
        return np.asarray(objective.place, np.int64).reshape(-1, 2)

    def _start(self, objective: Objective) -> Any:
        """The signal at the target: each question's own output gradient at its unit and place."""
        count, shape = len(objective.units), self._shapes[self._target]
        if self._supports[self._target[0]] is None:
            start = output_weights(objective, (count, *shape[1:]))
        else:
            given = objective.output_gradients
            start = np.zeros((count, shape[1], 1, 1), np.float32)
            start[np.arange(count), objective.units, 0, 0] = 1 if given is None else given
        return mx.nd.array(start, ctx=self._context)

    def _cuts(self, index: int) -> bool:
        """Whether an operator can go back with a signal that is cut to its support."""
        node = self._graph.nodes[index]
        if len(self._shapes.get((index, 0), ())) != 4 or _moves_channels(node):
            return False
        match node.operator:
            case "Pooling" if node.attributes.get("pool_type", "max") != "max":
                padded = any(node.numbers("pad", (0, 0)))
                counted = node.flag("count_include_pad", default=True)
                valid = node.attributes.get("pooling_convention", "valid") == "valid"
                return valid and (counted or not padded)
            case "Convolution" | "Pooling" | "BatchNorm" | "BatchNorm_v1" | "Concat":
                return True
        if node.operator in _PASSED_ON or is_relu(node) or is_bounded_relu(node):
            return True
        return all(self._same_shape(index, entry) for entry in node.inputs) and (
            node.operator in _ADDED or window_of(node) is not None
        )

    def _same_shape(self, index: int, entry: Entry) -> bool:
        return self._shapes.get(entry) == self._shapes[index, 0]

    def _size_of(self, entry: Entry) -> Shape:
        """The shape of one question's signal."""
        shape, support = self._shapes[entry][1:], self._supports[entry[0]]
        return shape if support is None else (shape[0], *support.size)

    def _back(self, index: int, found: dict[int, Any], cut: Cut) -> Iterator[tuple[Entry, Any]]:
        """What the operator passes on to each of its inputs, as large as their supports."""
        node, own = self._graph.nodes[index], self._supports[index]
        inputs = [entry for entry in node.inputs if entry[0] in self._passed]
        window = window_of(node)
        seen = own.through(window) if own and window else None
        for entry, signal in self._passed_back(index, node, inputs, found, cut):
            yield entry, self._fitted(entry, signal, seen, cut)

    def _passed_back(
        self, index: int, node: Node, inputs: Sequence[Entry], found: dict[int, Any], cut: Cut
    ) -> Iterator[tuple[Entry, Any]]:
        signal = found.get(0)
        if signal is None or _moves_channels(node):
            yield from self._own_gradient(index, node, inputs, found, cut)
        elif node.operator == "Convolution" and len(node.numbers("kernel", ())) == 2:
            yield inputs[0], self._transposed(index, node, signal)
        elif node.operator == "FullyConnected" and node.inputs[0] in inputs:
            weight = self._array(node, 1)
            flat = mx.nd.dot(signal.reshape((-1, weight.shape[0])), weight)
            yield inputs[0], flat.reshape((len(signal), *self._shapes[inputs[0]][1:]))
        elif node.operator in ("BatchNorm", "BatchNorm_v1"):
            folded = self._folds(node)
            yield inputs[0], signal if folded else signal * self._factor(node, signal.ndim)
        elif is_relu(node) or is_bounded_relu(node):
            yield inputs[0], mx.nd.relu(signal)
        elif node.operator in _PASSED_ON:
            yield inputs[0], signal
        elif node.operator in _ADDED and all(self._same_shape(index, each) for each in inputs):
            yield from ((each, signal) for each in node.inputs if each in inputs)
        elif node.operator == "Concat" and self._supports[index] is not None:
            yield from self._beside(node, inputs, signal)
        else:
            yield from self._own_gradient(index, node, inputs, found, cut)

    def _transposed(self, index: int, node: Node, signal: Any) -> Any:
        """Back through a convolution: its transpose, as large as its input where nothing is cut."""
        source, weight = self._shapes[node.inputs[0]], self._scaled(index, node)
        kernel = node.numbers("kernel", ())
        stride, dilate = node.numbers("stride", (1, 1)), node.numbers("dilate", (1, 1))
        pad = node.numbers("pad", (0, 0)) if self._supports[index] is None else (0, 0)
        reach = [(k - 1) * d + 1 for k, d in zip(kernel, dilate, strict=True)]
        made = [
            (n - 1) * s - 2 * p + r
            for n, s, p, r in zip(signal.shape[2:], stride, pad, reach, strict=True)
        ]
        full = self._supports[index] is None
        more = [n - m for n, m in zip(source[2:], made, strict=True)] if full else [0, 0]
        with mx.autograd.train_mode():  # else it lays the weights out anew, for this shape alone
            return mx.nd.Deconvolution(
                signal,
                weight,
                kernel=kernel,
                stride=stride,
                dilate=dilate,
                pad=pad,
                adj=tuple(more),
                num_filter=source[1],
                num_group=int(node.attributes.get("num_group", "1")),
                no_bias=True,
            )

    def _folds(self, norm: Node) -> bool:
        """Whether a normalization's factor is taken into the convolution before it, which nothing
        else reads: it is then applied to the kernels and not to every signal."""
        source, output = norm.inputs[0]
        return (
            source in self._passed
            and not output
            and self._readers[source] == 1
            and self._graph.nodes[source].operator == "Convolution"
            and not _moves_channels(self._graph.nodes[source])
            and norm.attributes.get("axis", "1") == "1"
            and self._maps[source].size is not None
        )

    def _scaled(self, index: int, node: Node) -> Any:
        """A convolution's kernels, times the factor of the normalization behind it."""
        weight = self._array(node, 1)
        name = f"{node.name} scaled"
        if name not in self._copies:
            norms = [
                self._graph.nodes[i]
                for i in self._passed
                if self._graph.nodes[i].operator in ("BatchNorm", "BatchNorm_v1")
                and self._graph.nodes[i].inputs[0][0] == index
            ]
            if not norms or not self._folds(norms[0]):
                return weight
            self._copies[name] = weight * self._factor(norms[0], 4).reshape((-1, 1, 1, 1))
        return self._copies[name]

    def _factor(self, node: Node, axes: int) -> Any:
        """What a normalization multiplies each channel by."""
        gamma, variance = self._array(node, 1), self._array(node, 4)
        scale = 1 / mx.nd.sqrt(variance + float(node.attributes.get("eps", "1e-3")))
        if not node.flag("fix_gamma", default=True):
            scale = scale * gamma
        axis = int(node.attributes.get("axis", "1")) % axes
        return scale.reshape([-1 if each == axis else 1 for each in range(axes)])

    def _beside(
        self, node: Node, inputs: Sequence[Entry], signal: Any
    ) -> Iterator[tuple[Entry, Any]]:
        """Back through maps laid beside each other: to each input its own channels."""
        first = 0
        for entry in node.inputs:
            last = first + self._shapes[entry][1]
            if entry in inputs:
                yield entry, mx.nd.slice_axis(signal, axis=1, begin=first, end=last)
            first = last

    def _own_gradient(
        self, index: int, node: Node, inputs: Sequence[Entry], found: dict[int, Any], cut: Cut
    ) -> Iterator[tuple[Entry, Any]]:
        """Back through any other operator, by MXNet's own gradient where each question's image has
        put it."""
        support, window = self._supports[index], window_of(node)
        seen = support.through(window) if support and window else None
        given = []
        for place, entry in enumerate(node.inputs):
            if entry in inputs:
                shape = self._shapes[entry]
                empty = LOWEST if node.operator == "Pooling" else 0.0
                values = cut.values(entry, shape, seen, empty, known=not _is_linear(node))
                values.attach_grad()
                given.append(values)
            else:
                given.append(self._array(node, place))
        sources = [each for each, entry in zip(given, node.inputs, strict=True) if entry in inputs]
        with mx.autograd.record(train_mode=True):
            outputs = self._operator(index, node if seen is None else _unpadded(node))(*given)
        outputs = outputs if isinstance(outputs, list) else [outputs]
        heads = [found.get(o, mx.nd.zeros_like(each)) for o, each in enumerate(outputs)]
        gradients = mx.autograd.grad(outputs, sources, head_grads=heads, train_mode=True)
        yield from zip((each for each in node.inputs if each in inputs), gradients, strict=True)

    def _operator(self, index: int, node: Node) -> Any:
        """The operator alone, as a function of its inputs in order."""
        if index not in self._operators:
            variables = [
                Node("null", f"vizframe_input{place}") for place in range(len(node.inputs))
            ]
            alone = Node(
                node.operator, node.name, node.attributes, _in_order(variables), node.extra
            )
            heads = sorted({o for i, o in self._shapes if i == index})
            graph = Graph((*variables, alone), tuple((len(variables), output) for output in heads))
            self._operators[index] = mx.nd.CachedOp(graph.symbol())
        return self._operators[index]

    def _array(self, node: Node, place: int) -> Any:
        """A copy of a parameter: oneDNN lays out what it is given as each operator likes it."""
        name = self._graph.nodes[node.inputs[place][0]].name
        if name not in self._copies:
            self._copies[name] = self._arrays[name].copy()
        return self._copies[name]

    def _fitted(self, entry: Entry, signal: Any, seen: Support | None, cut: Cut) -> Any:
        """The signal as large as the source's support, of which it may fill a part."""
        support, size = self._supports[entry[0]], self._maps[entry[0]].size
        if seen is None or seen == support or size is None:
            return signal
        if support is None:
            return cut.pasted(signal, seen, size)
        return cut.widened(signal, seen, support)


def _in_order(variables: Sequence[Node]) -> tuple[Entry, ...]:
    return tuple((place, 0) for place in range(len(variables)))


def _is_linear(node: Node) -> bool:
    """Whether what an operator passes back does not depend on what it was given."""
    known = ("Convolution", "FullyConnected", "BatchNorm", "BatchNorm_v1")
    average = node.operator == "Pooling" and node.attributes.get("pool_type", "max") in (
        "avg",
        "sum",
    )
    named = node.operator in (*known, *_PASSED_ON, *_ADDED, *_LINEAR)
    return named or average or is_relu(node) or is_bounded_relu(node)


def _moves_channels(node: Node) -> bool:
    """Whether its channels are not the second axis."""
    if node.operator == "Concat":
        return node.attributes.get("dim", "1") != "1"
    return node.attributes.get("layout", "None") not in ("None", "NCHW")


def _unpadded(node: Node) -> Node:
    """A pooling of a window that has its padding already."""
    if node.operator != "Pooling":
        return node
    return node.set(pad="(0, 0)", pooling_convention="valid")
