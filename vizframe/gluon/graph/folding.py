"""A loop of cells, folded: what a block gives at each step becomes one layer along time.

    cell(x0, s0) ─► h0 ┐
    cell(x1, s1) ─► h1 ├─ stack ─► (image, time, unit)   the layer ``cell``
    cell(x2, s2) ─► h2 ┘

All that is called as often as a cell is folded: an embedding or a dense layer of each step, too.
What a cell computes inside, and what the loop does between its blocks at each step, is no layer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from vizframe.gluon.compat import mx
from vizframe.gluon.graph.graph import Entry, Graph, Node

STEP_ENDS = ".0"
"""Behind the name of what a cell gives, as against the states that it gives beside it."""


class Called(Protocol):
    """A block that was called, and by which path it is reached."""

    @property
    def path(self) -> str: ...
    @property
    def block(self) -> Any: ...


@dataclass(frozen=True, slots=True)
class Folded:
    """A layer that was folded.

    Attributes:
        steps: what it gave, step by step in time.
        block: what was called.
    """

    steps: tuple[Entry, ...]
    block: Any

    @property
    def is_cell(self) -> bool:
        return is_cell(self.block)

    @property
    def operator(self) -> str:
        """What its framework calls it, such as ``LSTMCell of 35 steps``."""
        return f"{type(self.block).__name__} of {len(self.steps)} steps"


@dataclass(frozen=True, slots=True, eq=False)
class Ends:
    """Where calls end in a graph.

    Attributes:
        calls: in the order in which they began.
        ended: by entry, the call that it is the output of, and what its name gets behind it.
        owners: by node, the innermost call that made it.
        turned: the paths of cells that go along time backwards.
    """

    calls: Sequence[Called]
    ended: Mapping[Entry, tuple[int, str]]
    owners: Mapping[int, int]
    turned: Collection[str] = ()


def is_cell(block: Any) -> bool:
    """Whether it makes one step of a sequence."""
    whole = mx.gluon.rnn.rnn_layer._RNNLayer
    return isinstance(block, mx.gluon.rnn.RecurrentCell) and not isinstance(block, whole)


def turned_cells(blocks: Mapping[str, Any]) -> frozenset[str]:
    """The paths of those inside a BidirectionalCell that read from the end, cells within too."""
    heads = [
        f"{path}.r_cell".lstrip(".")
        for path, block in blocks.items()
        if isinstance(block, mx.gluon.rnn.BidirectionalCell)
    ]
    return frozenset(p for p in blocks for head in heads if p == head or p.startswith(f"{head}."))


def steps_of(calls: Sequence[Called]) -> frozenset[int]:
    """How many steps its loops have: how often each cell was called, if more than once."""
    counts = Counter(call.path for call in calls if is_cell(call.block))
    return frozenset(count for count in counts.values() if count > 1)


def fold_steps(
    graph: Graph, names: Mapping[Entry, str], ends: Ends
) -> tuple[Graph, dict[Entry, str], dict[Entry, Folded]]:
    """The graph with a node more for each folded layer, the names that remain and theirs."""
    counts = steps_of(ends.calls)
    groups = {key: each for key, each in _groups(ends).items() if len(each) in counts}
    if not groups:
        return graph, dict(names), {}
    nodes, folded, own = list(graph.nodes), dict[Entry, Folded](), dict[Entry, str]()
    for (path, suffix), entries in groups.items():
        block = ends.calls[ends.ended[entries[0]][0]].block
        if is_cell(block) and suffix not in ("", STEP_ENDS):
            continue  # a state that it gives beside its output
        steps = tuple(reversed(entries) if path in ends.turned else entries)
        shape = {"axis": "1", "num_args": str(len(steps))}
        nodes.append(Node("stack", f"vizframe_steps{len(nodes)}", shape, steps))
        entry = (len(nodes) - 1, 0)
        own[entry] = (path or "output") + ("" if suffix == STEP_ENDS else suffix)
        folded[entry] = Folded(steps, block)
    hidden = set(_hidden(graph, names, ends, groups, min(counts)))
    kept = {entry: name for entry, name in names.items() if entry not in hidden}
    return Graph(tuple(nodes), graph.heads), _in_order(kept, own, folded), folded


def _groups(ends: Ends) -> dict[tuple[str, str], list[Entry]]:
    """The outputs of each block, in the order of its calls."""
    found: dict[tuple[str, str], list[Entry]] = {}
    for entry, (number, suffix) in sorted(ends.ended.items(), key=lambda pair: pair[1][0]):
        found.setdefault((ends.calls[number].path, suffix), []).append(entry)
    return found


def _hidden(
    graph: Graph,
    names: Mapping[Entry, str],
    ends: Ends,
    groups: Mapping[tuple[str, str], Sequence[Entry]],
    steps: int,
) -> Iterator[Entry]:
    """The steps themselves, what is inside of a folded block, and what is done once a step."""
    paths = {path for path, _ in groups}
    plain = {entry: ends.owners.get(entry[0], -1) for entry in names if entry not in ends.ended}
    often = Counter((owner, graph.nodes[i].operator) for (i, _), owner in plain.items())
    for entries in groups.values():
        yield from entries
    for entry, owner in plain.items():
        inside = owner >= 0 and ends.calls[owner].path in paths
        if inside or often[owner, graph.nodes[entry[0]].operator] >= steps:
            yield entry


def _in_order(
    kept: Mapping[Entry, str], own: Mapping[Entry, str], folded: Mapping[Entry, Folded]
) -> dict[Entry, str]:
    """In forward order; a folded layer stands where its first step does."""
    places = {entry: min(each.steps) for entry, each in folded.items()}
    every = {**kept, **own}
    order = sorted(every, key=lambda entry: places.get(entry, entry))
    return {entry: every[entry] for entry in order}
