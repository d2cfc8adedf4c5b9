"""From a HybridBlock to its graph, with the names that a user writes.

    net(mx.sym.var("data"))        hooks on every block, for this one call:
      features                       what goes in, what comes out: marked on the graph's own nodes
        0 ── conv ── relu ─► (0)     the deepest block with parameters names an output: ``0``
        1 ── pool ─► (1)             an operator that is no block's output: ``0.convolution``

It works on a hybridized net too, whose children's hooks never fire when it computes.
"""

from __future__ import annotations

import inspect
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from vizframe.errors import NetworkError
from vizframe.gluon.compat import mx
from vizframe.gluon.draws import no_draws
from vizframe.gluon.graph.folding import Ends, Folded, fold_steps, turned_cells
from vizframe.gluon.graph.fused import split_fused
from vizframe.gluon.graph.graph import Entry, Graph, Node
from vizframe.gluon.graph.hooks import After, Before, Names, hook_blocks, paths
from vizframe.gluon.lending import lend_copies
from vizframe.gluon.semantics import (
    from_net_array,
    is_numpy,
    numpy_interface,
    to_classic,
    to_net_array,
)
from vizframe.network.call import Call, arguments_of

_INTO, _OUT_OF = "__vizframe_into__", "__vizframe_out_of__"

TURNED = "vizframe_turned"
"""The name of the node that moves the axis of the images to where a net has it."""


@dataclass(frozen=True, slots=True, eq=False)
class TracedCall:
    """A block that was called while the net was traced, and by which path it is reached."""

    path: str
    block: Any

    @property
    def parameters(self) -> Mapping[str, Any]:
        """The block's own parameters, such as weight and bias."""
        found: Mapping[str, Any] = self.block._reg_params
        return found

    @property
    def is_recurrent(self) -> bool:
        """Whether it goes along a whole sequence, as Gluon's LSTM does, in one operator."""
        return isinstance(self.block, mx.gluon.rnn.rnn_layer._RNNLayer)

    @property
    def is_symbol(self) -> bool:
        """Whether it is a SymbolBlock: a graph with names of its own, not one layer."""
        return isinstance(self.block, mx.gluon.SymbolBlock)


@dataclass(slots=True, eq=False)
class Calls:
    """The calls of one trace, in the order in which they begin, and the marks that say which nodes
    go in and come out.

    Marks are attributes of the nodes. Those of an operator written in Python would reach its
    constructor, which ends the process where it does not know them; so they are kept beside, by
    the node's name.
    """

    made: list[TracedCall] = field(default_factory=list)
    beside: dict[str, dict[str, str]] = field(default_factory=dict)

    def mark(self, symbol: Any, key: str, mark: str) -> None:
        """Add a mark to a single symbol's node."""
        if symbol.attr("op_type") is None:
            before = symbol.attr(key)
            symbol._set_attr(**{key: _joined(before, mark)})
        else:
            marks = self.beside.setdefault(symbol.name, {})
            marks[key] = _joined(marks.get(key), mark)

    def marked(self, graph: Graph) -> Graph:
        """The graph with all marks on its nodes."""
        return graph.map_nodes(
            lambda node: (
                node.set(**self.beside.get(node.name, {})) if node.operator == "Custom" else node
            )
        )


def _joined(before: str | None, mark: str) -> str:
    return f"{before},{mark}" if before else mark


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """A graph and what its entries are called.

    Attributes:
        graph: of the net's outputs.
        inputs: the names of its input variables.
        names: what each operator's output is called, in forward order.
        aliases: other names that lead to the same output, such as that of a container.
        own: for layers that are a block's output, its own parameters: short name → full name.
        made_by: for such layers, the nodes that the block itself made.
        call: how the net was called; None of a graph that was read from a file.
        folded: the layers that are the steps of a loop, laid along time.
    """

    graph: Graph
    inputs: tuple[str, ...]
    names: Mapping[Entry, str]
    aliases: Mapping[str, Entry] = field(default_factory=dict)
    own: Mapping[Entry, Mapping[str, str]] = field(default_factory=dict)
    made_by: Mapping[Entry, tuple[int, ...]] = field(default_factory=dict)
    call: Call | None = None
    folded: Mapping[Entry, Folded] = field(default_factory=dict)


class NoGraph(NetworkError):
    """A net that computes something on symbols which no graph can hold."""


def trace_block(net: Any, call: Call, rank: int) -> Trace:
    """The graph of a HybridBlock, or of a plain Block that only calls others.

    Args:
        call: how it is called, all that it is given known.
        rank: how many axes the images have, their own included.

    Raises:
        NoGraph: it computes something that no graph can hold; the message says what.
    """
    calls = Calls()
    numpy = is_numpy(net)
    given = {
        name: to_net_array(numpy, _variable(call, name, rank)) if call.is_array(name) else value
        for name, value in call.values()
    }
    try:
        # A name manager of its own: names that MXNet counts up do not depend on what else the
        # process has traced, nor do the user's depend on this.
        with (
            numpy_interface(numpy),
            mx.name.NameManager(),
            lend_copies(net),
            hook_blocks(net, lambda path, _block: _marks(path, calls)),
            no_draws(),
        ):
            output = net(*arguments_of(given, call.forms))
    except Exception as error:
        raise NoGraph(
            f"the network {type(net).__name__} cannot be traced: {_first_line(error)}; "
            "hybrid_forward can use F's operators on symbols only (no shapes, no NDArray)"
        ) from error
    outputs = list(_flat([output]))
    if not outputs:
        raise NoGraph(f"the network {type(net).__name__} gave no symbol")
    graph = Graph.of(mx.sym.Group(outputs)).map_nodes(to_classic)
    inputs = tuple(name for name in call.names if call.is_array(name))
    marked = split_fused(calls.marked(graph))
    turned = turned_cells(dict(paths(net)))
    return replace(_name_entries(marked, inputs, calls.made, turned), call=call)


def _variable(call: Call, name: str, rank: int) -> Any:
    """An input; that of the images has their axis first, and is turned as the net wants it."""
    variable = mx.sym.var(name)
    if name == call.input and call.is_flat:
        return mx.sym.flatten(variable, name=TURNED)
    if name != call.input or not call.axis:
        return variable
    order = list(range(1, rank))
    order.insert(call.axis, 0)
    return mx.sym.transpose(variable, axes=tuple(order), name=TURNED)


def trace_symbol(symbol: Any, inputs: tuple[str, ...]) -> Trace:
    """The graph of an exported Symbol, its operators called by their names."""
    graph = split_fused(Graph.of(symbol).map_nodes(to_classic))
    common = _common_prefix([node.name for node in graph.nodes if not node.is_variable])
    names = Names()
    found = {
        entry: names.unique(_plain(graph.nodes[entry[0]].name[len(common) :], entry))
        for entry in outputs_of(graph)
    }
    return Trace(graph, inputs, found)


def outputs_of(graph: Graph) -> Iterator[Entry]:
    """Every operator's outputs that something reads, or that are heads; the first of each at
    least (BatchNorm's batch statistics are outputs that nothing reads)."""
    read = {entry for node in graph.nodes for entry in node.inputs} | set(graph.heads)
    for index, node in enumerate(graph.nodes):
        if not node.is_variable:
            yield (index, 0)
            yield from sorted(each for each in read if each[0] == index and each[1] > 0)


def input_names(net: Any) -> tuple[str, ...]:
    """What the net's inputs are called: ``data``, or hybrid_forward's own words for several."""
    if isinstance(net, mx.gluon.SymbolBlock):
        return tuple(each.name for each in net._cached_graph[0])
    hybrid = isinstance(net, mx.gluon.HybridBlock)
    asked = inspect.signature(net.hybrid_forward if hybrid else net.forward)
    parameters = list(asked.parameters.values())
    names = [
        each.name
        for each in (parameters[1:] if hybrid else parameters)
        if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)
        and each.default is each.empty
        and each.name not in net._reg_params
    ]
    return tuple(names) if len(names) > 1 else ("data",)


def _marks(path: str, calls: Calls) -> tuple[Before, After]:
    open_calls: list[int] = []

    def before(block: Any, inputs: tuple[Any, ...]) -> None:
        open_calls.append(len(calls.made))
        calls.made.append(TracedCall(path, block))
        for symbol in _flat(inputs):
            calls.mark(symbol, _INTO, str(open_calls[-1]))

    def after(_block: Any, _inputs: Any, output: Any) -> None:
        number = open_calls.pop()
        outputs = list(_flat([output]))
        for position, symbol in enumerate(outputs):
            place = position if len(outputs) > 1 else ""
            calls.mark(symbol, _OUT_OF, f"{number}:{place}{_which_output(symbol)}")

    return before, after


def _which_output(symbol: Any) -> str:
    """``@1`` of a recurrent operator's second output, a state; of others the mark is of all."""
    (made,) = symbol.list_outputs()
    return _STATES.get(made.removeprefix(symbol.name), "")


_STATES = {"_state_output": "@1", "_statecell_output": "@2"}


def _flat(values: Any) -> Iterator[Any]:
    """The single symbols in nested lists and dicts."""
    for value in values:
        if isinstance(value, mx.sym.Symbol):
            symbol = from_net_array(value)
            yield from symbol if len(symbol) > 1 else [symbol]
        elif isinstance(value, list | tuple):
            yield from _flat(value)
        elif isinstance(value, dict):
            yield from _flat(value.values())


def _name_entries(
    marked: Graph,
    inputs: tuple[str, ...],
    calls: list[TracedCall],
    turned: Collection[str] = (),
) -> Trace:
    """Read the marks off the nodes, and name every entry."""
    into, out_of = _read(marked, _INTO), _read(marked, _OUT_OF)
    graph = marked.map_nodes(_without_mark)
    owners = _owners(graph, into, out_of, len(calls))
    prefixes = _prefixes(graph, calls, owners)
    names: dict[Entry, str] = {}
    aliases: dict[str, Entry] = {}
    taken = Names()
    own: dict[Entry, Mapping[str, str]] = {}
    made_by: dict[Entry, tuple[int, ...]] = {}
    ended: dict[Entry, tuple[int, str]] = {}
    for entry in outputs_of(graph):
        every = _ends(out_of[entry[0]], entry)
        # A SymbolBlock holds many layers: its last one keeps the operator's name.
        ends = [] if any(calls[number].is_symbol for number, _ in every) else every
        for other, _ in every:
            aliases.setdefault(calls[other].path or "output", entry)
        if not ends:
            owner = owners.get(entry[0])
            if owner is not None and calls[owner].is_recurrent:
                continue  # it turns its axes, and makes one operator of its weights
            path, prefix = ("", "") if owner is None else (calls[owner].path, prefixes[owner])
            names[entry] = taken.unique(_operator_name(graph.nodes[entry[0]], entry, path, prefix))
            continue
        number, suffix = next(((n, s) for n, s in ends if calls[n].parameters), ends[0])
        call, ended[entry] = calls[number], (number, suffix)
        names[entry] = taken.unique((call.path or "output") + suffix)
        own[entry] = {short: full.name for short, full in call.parameters.items()}
        made_by[entry] = tuple(index for index, owner in owners.items() if owner == number)
    graph, names, folded = fold_steps(graph, names, Ends(calls, ended, owners, turned))
    for entry, each in folded.items():
        own[entry] = own[each.steps[0]]
        made_by[entry] = tuple(index for step in each.steps for index in made_by[step])
        aliases[names[entry]] = entry
    return Trace(graph, inputs, names, aliases, own, made_by, folded=folded)


def _ends(marks: list[str], entry: Entry) -> list[tuple[int, str]]:
    """The calls that end in this entry, deepest first, and what their name gets behind it."""
    found, exact = [], []
    for mark in marks:
        number, _, place = mark.partition(":")
        position, _, output = place.partition("@")
        if output and int(output) == entry[1]:
            exact.append((int(number), f".{position}" if position else ""))
        elif not output and (position or entry[1] == 0):
            found.append((int(number), f".{position}" if position else ""))
    return exact or found


def _read(graph: Graph, key: str) -> list[list[str]]:
    return [list(filter(None, node.attributes.get(key, "").split(","))) for node in graph.nodes]


def _without_mark(node: Node) -> Node:
    kept = {k: v for k, v in node.attributes.items() if k not in (_INTO, _OUT_OF)}
    return replace(node, attributes=kept)


def _owners(
    graph: Graph, into: list[list[str]], out_of: list[list[str]], count: int
) -> dict[int, int]:
    """Which call made each operator: the innermost one that it lies inside of.

    Calls are numbered as they begin, so inner ones have larger numbers and are walked first: from
    a call's outputs back to its inputs, over what no inner call has claimed.
    """
    ends: list[list[int]] = [[] for _ in range(count)]
    starts: list[set[int]] = [set() for _ in range(count)]
    for index, marks in enumerate(out_of):
        for mark in marks:
            ends[int(mark.partition(":")[0])].append(index)
    for index, marks in enumerate(into):
        for mark in marks:
            starts[int(mark)].add(index)
    owners: dict[int, int] = {}
    for number in reversed(range(count)):
        waiting, seen = [i for i in ends[number] if i not in starts[number]], set()
        while waiting:
            index = waiting.pop()
            if index in seen:
                continue
            seen.add(index)
            if not graph.nodes[index].is_variable:
                owners.setdefault(index, number)
            waiting.extend(i for i, _ in graph.nodes[index].inputs if i not in starts[number])
    return owners


def _prefixes(graph: Graph, calls: Sequence[TracedCall], owners: Mapping[int, int]) -> list[str]:
    """What the names of each call's own operators begin with: a block's prefix; those of a
    SymbolBlock have the prefix of the net that was exported."""
    made: list[list[str]] = [[] for _ in calls]
    for index, number in owners.items():
        made[number].append(graph.nodes[index].name)
    return [
        _common_prefix(names) if call.is_symbol else call.block.prefix
        for call, names in zip(calls, made, strict=True)
    ]


def _operator_name(node: Node, entry: Entry, path: str, prefix: str) -> str:
    word = _plain(node.name.removeprefix(prefix).removeprefix("fwd_"), entry)
    if word in ("fwd", ""):
        word = node.operator.lower()
    return f"{path}.{word}".lstrip(".")


def _plain(name: str, entry: Entry) -> str:
    """A generated name without what MXNet hung on it."""
    plain = name.removesuffix("_fwd").strip("_")
    return f"{plain}.{entry[1]}" if entry[1] else plain


def _common_prefix(names: list[str]) -> str:
    """The prefix of all names, up to an underscore."""
    if not names:
        return ""
    low, high = min(names), max(names)
    length = next((i for i, c in enumerate(low) if i >= len(high) or high[i] != c), len(low))
    shared = low[:length]
    return shared[: shared.rfind("_") + 1] if len(names) > 1 else ""


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1].rstrip(".") if lines else type(error).__name__
