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
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from vizframe.gluon.arrays.host import writable
from vizframe.gluon.compat import mx, unwatched
from vizframe.gluon.graph.differentiable import nodes_with_gradient
from vizframe.gluon.graph.graph import Entry, Graph, Node
from vizframe.gluon.graph.parameters import Arrays
from vizframe.gluon.graph.rules import is_bounded_relu, is_relu
from vizframe.gluon.graph.shapes import Shape
from vizframe.gluon.graph.window import maps_of, window_of
from vizframe.gluon.question.asked import Asked, Kept
from vizframe.gluon.question.back_kernels import BackKernels
from vizframe.gluon.question.cut import Cut
from vizframe.gluon.question.linear import ADDED, MULTIPLIED, PASSED_ON, is_linear, moves_channels
from vizframe.gluon.question.switches import Switches, switched_window
from vizframe.graph.support import Places, Support, supports
from vizframe.graph.target import output_weights
from vizframe.network import FloatArray, Objective

LOWEST = -3.40282347e38
"""What surrounds a map whose maxima are taken."""

ALIVE = 5
"""Signals of the largest size that exist at once."""

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
        windows = {i: switched_window(graph.nodes[i]) for i in self._passed if i != data}
        self._switched = {i: window for i, window in windows.items() if window is not None}
        order = [index for index in sorted(self._passed, reverse=True) if index != data]
        looks = (n for n, index in enumerate(order) if not is_linear(graph.nodes[index]))
        first = next(looks, len(order))
        self._before_images, self._before_image = order[:first], order[first:]
        self._operators: dict[int, Any] = {}
        self._kernels = BackKernels(graph, self._passed, self._maps, arrays)

    @property
    def is_known(self) -> bool:
        """Whether the way back can be gone: an operator of a user's own has none here, nor has one
        that reads what is computed beside the images, such as a weight or another input, or whose
        weight is computed of the images."""
        ways = [self._graph.nodes[index] for index in self._passed if index != self._data]
        beside = {i for node in ways for i, _ in node.inputs if i not in self._passed}
        known = all(self._graph.nodes[index].name in self._arrays for index in beside)
        return known and not any(
            node.operator == "Custom" or (node.operator in MULTIPLIED and self._reads_passed(node))
            for node in ways
        )

    def _reads_passed(self, node: Node) -> bool:
        return any(index in self._passed for index, _ in node.inputs[1:])

    @property
    def kept(self) -> tuple[Entry, ...]:
        """What has to be known of the images: the inputs of the operators that look at them."""
        asked = (self._graph.nodes[i] for i in sorted(self._passed) if i != self._data)
        inputs = (entry for node in asked if not is_linear(node) for entry in node.inputs)
        return tuple(dict.fromkeys(entry for entry in inputs if entry[0] in self._passed))

    @property
    def floats(self) -> int:
        """How many numbers the largest signal of one question has."""
        return max(math.prod(self._size_of((index, 0))) for index in self._passed)

    def lasting_bytes(self) -> int:
        """What is kept of one image while it is asked about."""
        pooled = {self._graph.nodes[i].inputs[0] for i in self._switched}
        others = [entry for entry in self.kept if entry not in pooled or self._looked_at(entry)]
        switches = 2 * sum(math.prod(self._shapes[i, 0][1:]) for i in self._switched)
        return switches + 4 * sum(math.prod(self._shapes[entry][1:]) for entry in others)

    def passing_bytes(self) -> int:
        """What one image's forward pass gives, of which that is kept."""
        return 4 * sum(math.prod(self._shapes[entry][1:]) for entry in self.kept)

    def keep(self, images: FloatArray, forward: Forward) -> Kept | None:
        """What is kept of these images; None where the switches of a pooling cannot be told."""
        found = self.look(images, forward).values
        switches = {}
        for index, window in self._switched.items():
            pooled = self._shapes[index, 0][2:]
            entry = self._graph.nodes[index].inputs[0]
            known = Switches.of(found[entry], window, (pooled[0], pooled[1]))
            if known is None:
                return None
            switches[index] = known
        return Kept({e: each for e, each in found.items() if self._looked_at(e)}, switches)

    def look(self, images: FloatArray, forward: Forward) -> Kept:
        """All values of `kept` for these images, where the switches cannot be told."""
        wanted = tuple(entry for entry in self.kept if entry[0] != self._data)
        found = dict(forward(images, wanted)) if wanted else {}
        return Kept({**found, (self._data, 0): images})

    def project(
        self, objective: Objective, asked: Asked, kept: Kept, most: int
    ) -> Iterator[tuple[Places, FloatArray, Places]]:
        """Which questions; what arrives at the image; the row and column at which it begins.

        Args:
            objective: one unit and place per signal that starts.
            asked: the questions, each a copy of one of these signals.
            kept: of the images that they are about.
            most: copies that exist at once.
        """
        places = self._placed(objective)
        cut = Cut(places, np.zeros(len(places), np.int64), Kept({}), self._context)
        first = self._walk({self._target: self._start(objective)}, cut, self._before_images)
        for members in np.array_split(np.arange(len(asked.copies)), -(-len(asked.copies) // most)):
            own = asked.of(members)
            cut = Cut(places[own.copies], own.images, kept, self._context)
            signals = {entry: own.spread(signal) for entry, signal in first.items()}
            last = self._walk(signals, cut, self._before_image)
            yield members, *self._arrived(last.get((self._data, 0)), cut)

    def _walk(
        self, signals: dict[Entry, Any], cut: Cut, indices: Sequence[int]
    ) -> dict[Entry, Any]:
        """The signals after they have passed these nodes, the last of the graph first."""
        signals = dict(signals)
        for index in indices:
            found = {o: signals.pop((i, o)) for i, o in list(signals) if i == index}
            if not found:
                continue
            found = {o: self._on_map(index, each, cut) for o, each in found.items()}
            for entry, signal in self._back(index, found, cut):
                if entry[0] in self._passed:
                    signals[entry] = signal if entry not in signals else signals[entry] + signal
        return signals

    def _on_map(self, index: int, signal: Any, cut: Cut) -> Any:
        support, size = self._supports[index], self._maps[index].size
        return signal if support is None or size is None else cut.on_map(signal, support, size)

    def _arrived(self, signal: Any, cut: Cut) -> tuple[FloatArray, Places]:
        if signal is None:
            shape = (len(cut.places), *self._shapes[self._data, 0][1:])
            return np.zeros(shape, np.float32), np.zeros_like(cut.places)
        starts = cut.starts(self._supports[self._data])
        return self._on_map(self._data, signal, cut).asnumpy(), starts

    def _looked_at(self, entry: Entry) -> bool:
        """Whether its values are needed, beside the switches of poolings that read it."""
        readers = [index for index in self._passed if entry in self._graph.nodes[index].inputs]
        known = (i for i in readers if i not in self._switched and i != self._data)
        return any(not is_linear(self._graph.nodes[index]) for index in known)

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
        if len(self._shapes.get((index, 0), ())) != 4 or moves_channels(node):
            return False
        match node.operator:
            case "Pooling" if node.attributes.get("pool_type", "max") != "max":
                padded = any(node.numbers("pad", (0, 0)))
                counted = node.flag("count_include_pad", default=True)
                valid = node.attributes.get("pooling_convention", "valid") == "valid"
                return valid and (counted or not padded)
            case "Convolution" | "Pooling" | "BatchNorm" | "BatchNorm_v1" | "Concat":
                return True
        if node.operator in PASSED_ON or is_relu(node) or is_bounded_relu(node):
            return True
        return all(self._same_shape(index, entry) for entry in node.inputs) and (
            node.operator in ADDED or window_of(node) is not None
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
        if signal is None or moves_channels(node):
            yield from self._own_gradient(index, node, inputs, found, cut)
        elif node.operator == "Convolution" and len(node.numbers("kernel", ())) == 2:
            yield inputs[0], self._transposed(index, node, signal)
        elif node.operator == "FullyConnected" and node.inputs[0] in inputs:
            weight = self._kernels.array(node, 1)
            flat = mx.nd.dot(signal.reshape((-1, weight.shape[0])), weight)
            yield inputs[0], flat.reshape((len(signal), *self._shapes[inputs[0]][1:]))
        elif node.operator in ("BatchNorm", "BatchNorm_v1"):
            folded = self._kernels.folds(node)
            yield inputs[0], signal if folded else signal * self._kernels.factor(node, signal.ndim)
        elif index in cut.kept.switches:
            yield inputs[0], self._unpooled(index, inputs[0], signal, cut)
        elif is_relu(node) or is_bounded_relu(node):
            yield inputs[0], signal if self._is_rectified(index, cut) else mx.nd.relu(signal)
        elif node.operator in PASSED_ON:
            yield inputs[0], signal
        elif node.operator in ADDED and all(self._same_shape(index, each) for each in inputs):
            yield from ((each, signal) for each in node.inputs if each in inputs)
        elif node.operator == "Concat" and self._supports[index] is not None:
            yield from self._beside(node, inputs, signal)
        else:
            yield from self._own_gradient(index, node, inputs, found, cut)

    def _unpooled(self, index: int, source: Entry, signal: Any, cut: Cut) -> Any:
        """Back to where each window's maximum was; rectified, where only a ReLU comes next."""
        support, switches = self._supports[index], cut.kept.switches[index]
        given = signal.asnumpy()
        extent = switches.extent(given.shape[2:], support)
        back, values = writable((*given.shape[:2], *extent), self._context)
        rectified = self._is_rectified(source[0], cut)
        starts = cut.starts(support)
        switches.unpool(given, cut.chosen, support, starts, values, rectified=rectified)
        return back if back is not None else mx.nd.array(values, ctx=self._context)

    def _is_rectified(self, index: int, cut: Cut) -> bool:
        """Whether what reaches a ReLU comes from one unpooling, which rectifies it by the way."""
        node = self._graph.nodes[index]
        if self._kernels.readers[index] != 1 or not (is_relu(node) or is_bounded_relu(node)):
            return False
        return any(self._graph.nodes[i].inputs[0][0] == index for i in cut.kept.switches)

    def _transposed(self, index: int, node: Node, signal: Any) -> Any:
        """Back through a convolution: its transpose, as large as its input where nothing is cut."""
        source, weight = self._shapes[node.inputs[0]], self._kernels.scaled(index, node)
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
                values = cut.values(entry, shape, seen, empty, known=not is_linear(node))
                values.attach_grad()
                given.append(values)
            else:
                given.append(self._kernels.array(node, place))
        sources = [each for each, entry in zip(given, node.inputs, strict=True) if entry in inputs]
        with mx.autograd.record(train_mode=True):
            outputs = self._operator(index, node if seen is None else _unpadded(node))(*given)
        outputs = outputs if isinstance(outputs, list) else [outputs]
        heads = [found.get(o, mx.nd.zeros_like(each)) for o, each in enumerate(outputs)]
        gradients = unwatched(mx.autograd.grad)(outputs, sources, head_grads=heads, train_mode=True)
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


def _unpadded(node: Node) -> Node:
    """A pooling of a window that has its padding already."""
    if node.operator != "Pooling":
        return node
    return node.set(pad="(0, 0)", pooling_convention="valid")
