"""How a question is computed: how much of the graph, of the image and of the last kernel it needs.

A convolution or dense layer is linear, so its activation for one unit is a dot product with that
unit's kernel, and the gradient of its input is the kernel itself. So the graph is cut in front of
the last kernel, and only the units asked for are ever computed:

    image ─ graph up to the last kernel ─► features ─ · kernel[unit] + bias (─ relu) ─► value
                                               ▲
    gradient ◄─ backward ─── kernel[unit] ─────┘

Where the objective is a single place, the graph is also cropped to what that place sees.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from vizframe.gluon.graph.crop import crop
from vizframe.gluon.graph.folded import Folds, fold_normalizations
from vizframe.gluon.graph.graph import Entry, Graph, Node
from vizframe.gluon.graph.parameters import Arrays
from vizframe.gluon.graph.rules import OPERATOR, is_relu
from vizframe.gluon.graph.shapes import Shape
from vizframe.gluon.graph.window import window_of
from vizframe.graph.kernel_overlap import Slices, kernel_overlap, strided
from vizframe.graph.target import centre

OWN_KERNELS, OWN_BIASES = "vizframe_kernels", "vizframe_biases"
"""The inputs that hold each image's own kernel, (batch, numbers), and its bias, (batch,)."""


@dataclass(frozen=True, slots=True)
class Kernel:
    """The last linear operator, taken out of the graph.

    Attributes:
        weight, bias: the parameters' names.
        part: which part of each kernel meets the map; None: all of it.
        meets: which part of the features that kernel meets; None: all of it.
        relu: whether a ReLU follows.
    """

    weight: str
    bias: str | None
    part: Slices | None
    meets: Slices | None
    relu: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """What is compiled for an objective.

    Attributes:
        graph: its one head is the layer's output; with a kernel see `_response_graph`.
        size: (y, x) of the images.
        corner: (y, x) of the whole image where they begin.
        exact_field: whether they are the unit's receptive field.
        kernel: what was taken out of the graph.
        cropped: whether the map is cut to the one place asked for.
        folds: where the parameters of folded convolutions come from.
    """

    graph: Graph
    size: tuple[int, int]
    corner: tuple[int, int]
    exact_field: bool
    kernel: Kernel | None
    cropped: bool
    folds: Folds = field(default_factory=dict)

    @property
    def key(self) -> tuple[object, ...]:
        return self.size, self.exact_field, self.kernel is not None

    def own_shapes(self, arrays: Arrays, count: int) -> dict[str, Shape]:
        """The shapes of the kernels and biases that so many images have of their own."""
        if self.kernel is None:
            return {}
        weight = arrays[self.kernel.weight]
        inner = tuple(weight.shape[2:])
        if self.kernel.part is not None:
            inner = tuple(part.stop - part.start for part in self.kernel.part)
        numbers = weight.shape[1] * math.prod(inner)
        return {OWN_KERNELS: (count, numbers), OWN_BIASES: (count,)}

    def parameters(self) -> list[str]:
        """The names of all of the model's own that the result depends on, the inputs left out."""
        folded = {name for names in self.folds for name in names}
        sources = [name for fold in self.folds.values() for name in fold.sources]
        return [*(name for name in self.read() if name not in folded), *sources]

    def read(self) -> list[str]:
        """The names of all variables that it is computed from."""
        kept = self.graph.prune().nodes
        read = [n.name for n in kept if n.is_variable]
        kernel = [self.kernel.weight, self.kernel.bias] if self.kernel else []
        return [name for name in (*read, *kernel) if name]


def plan(
    graph: Graph,
    data: int,
    target: Entry,
    shapes: Mapping[Entry, Shape],
    *,
    exact_field: bool,
) -> Plan:
    """How to compute the target: cropped, without its last kernel, and normalizations folded, where
    that is possible.

    Without ``exact_field`` the whole map is computed, from the whole image.
    """
    folded, folds = fold_normalizations(graph.with_heads([target]))
    made = _plan(folded, data, target, shapes, exact_field=exact_field)
    read = set(made.read())
    return replace(made, folds={names: each for names, each in folds.items() if read & {*names}})


def _plan(
    graph: Graph,
    data: int,
    target: Entry,
    shapes: Mapping[Entry, Shape],
    *,
    exact_field: bool,
) -> Plan:
    size = shapes[(data, 0)][2:]
    whole = Plan(graph.with_heads([target]), (size[0], size[1]), (0, 0), False, None, False)
    if not exact_field:
        return whole
    firsts = {index: shape for (index, output), shape in shapes.items() if output == 0}
    last = _last_kernel(graph, target, data)
    if last is not None:
        found = _before_kernel(graph, data, target, last, firsts)
        if found is not None:
            return found
    # Only a map has places; what a dense layer gives depends on the whole image.
    if len(shapes[target]) == 4:
        y, x = centre(shapes[target])
        cut = crop(graph, data, target, ((y, y), (x, x)), firsts)
        if cut is not None:
            return Plan(cut.graph, cut.size, cut.corner, cut.size != whole.size, None, True)
    return whole


def _last_kernel(graph: Graph, target: Entry, data: int) -> Node | None:
    """The convolution or dense operator that makes the target, a ReLU between them or not."""
    node = graph.nodes[target[0]]
    ruled = node.attributes.get("op_type") == OPERATOR and "most" not in node.attributes
    if is_relu(node) or ruled:
        node = graph.nodes[node.inputs[0][0]]
    if node.operator not in ("Convolution", "FullyConnected"):
        return None
    depends = graph.above([data])
    from_data = [index in depends for index, _ in node.inputs]
    # A unit of a grouped convolution reads its own group's features alone, not all of them.
    plain = node.attributes.get("num_group", "1") == "1"
    dense = node.operator == "FullyConnected" and node.flag("flatten", default=True)
    planar = len(node.numbers("kernel", ())) == 2
    own = all(graph.nodes[index].is_variable for index, _ in node.inputs[1:])  # not computed
    fits = from_data[0] and not any(from_data[1:]) and own and plain and (dense or planar)
    return node if fits else None


def _before_kernel(
    graph: Graph, data: int, target: Entry, node: Node, shapes: Mapping[int, Shape]
) -> Plan | None:
    features = node.inputs[0]
    names = [graph.nodes[index].name for index, _ in node.inputs[1:]]
    bias = names[1] if len(names) > 1 and not node.flag("no_bias") else None
    relu = graph.nodes[target[0]] is not node
    whole = shapes[data][2:]
    size = (whole[0], whole[1])
    if node.operator == "FullyConnected":
        kernel = Kernel(names[0], bias, None, None, relu)
        return Plan(_response_graph(graph, features, kernel), size, (0, 0), False, kernel, False)
    window = window_of(node)
    shape = shapes.get(features[0], ())
    if window is None or len(shape) != 4 or features[1]:
        return None
    overlap = kernel_overlap(window, centre(shapes[target[0]]), shape[2:])
    if overlap is None:
        return None
    box, part = overlap
    cut = crop(graph, data, features, box, shapes)
    if cut is None:
        # The features need the whole image, but the last kernel can still be left out.
        kernel = Kernel(names[0], bias, part, strided(box, window), relu)
        return Plan(_response_graph(graph, features, kernel), size, (0, 0), False, kernel, False)
    (top, bottom), (left, right) = box
    inside = strided(((0, bottom - top), (0, right - left)), window)
    kernel = Kernel(names[0], bias, part, inside if window.dilate != (1, 1) else None, relu)
    response = _response_graph(cut.graph, cut.graph.heads[0], kernel)
    return Plan(response, cut.size, cut.corner, cut.size != size, kernel, True)


def _response_graph(graph: Graph, features: Entry, kernel: Kernel) -> Graph:
    """The graph up to the features, then each image's own kernel on them. Its heads, each for the
    whole batch: with a ReLU the values before it; the responses; the features, to be read alone."""
    nodes = list(graph.nodes)

    def add(operator: str, *inputs: Entry, **attributes: object) -> Entry:
        given = {name: str(value) for name, value in attributes.items()}
        name = f"vizframe{len(nodes)}"
        nodes.append(Node(operator, name, given, inputs))
        return len(nodes) - 1, 0

    met = features
    if kernel.meets is not None:
        y, x = kernel.meets
        begin, end = (None, None, y.start, x.start), (None, None, y.stop, x.stop)
        met = add("slice", met, begin=begin, end=end, step=(None, None, y.step, x.step))
    nodes.append(Node("null", OWN_KERNELS))
    own = len(nodes) - 1, 0
    nodes.append(Node("null", OWN_BIASES))
    biases = len(nodes) - 1, 0
    row = add("Reshape", met, shape=(0, 1, -1))
    column = add("Reshape", own, shape=(0, -1, 1))
    products = add("Reshape", add("batch_dot", row, column), shape=(-1,))
    found = [add("elemwise_add", products, biases)]
    if kernel.relu:
        found.append(add("relu", found[0]))
    found.append(add("BlockGrad", features))
    return Graph(tuple(nodes), tuple(found))
