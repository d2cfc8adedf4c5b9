"""Axes of sequences: words, what recurrent layers keep, and steps that are laid beside each other.

words (batch, time) ─ embedding ─► (batch, time, unit) ─ lstm ─► output (batch, time, unit)
                                                                 state  (layer, batch, unit)
one step of a sequence (batch, unit) ─ cell ─► (batch, unit) ─ stack ─► (batch, time, unit)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from vizframe.torch.label import Label, Labels, has
from vizframe.torch.node import Node, Ref, Tape, take
from vizframe.torch.operators import arguments, kind_of, name_of, reads

_CELLS = ("lstm_cell", "gru_cell", "rnn_tanh_cell", "rnn_relu_cell")


def takes_words(tape: Tape) -> bool:
    """Whether an embedding reads the images themselves, which are token ids then."""
    return any(kind_of(node) == "embedding" and _is_data(tape, node) for node in tape.nodes)


def _is_data(tape: Tape, node: Node) -> bool:
    given = arguments(node).get("input")
    while isinstance(given, Ref) and given.node != tape.data:
        source = tape.nodes[given.node]
        given = arguments(source).get("input") if kind_of(source) == "reshape" else None
    return isinstance(given, Ref)


def recurrent_part(whole: Node, part: Node, source: Labels, shape: Sequence[int]) -> Labels | None:
    """One of a recurrent call's outputs: the sequence, or the state of each layer and direction."""
    place = part.args[1]
    if name_of(whole) in _CELLS or place == (0,):
        kept = source[: len(shape) - 1]
        return (*kept, Label("unit", shape[-1])) if len(kept) == len(shape) - 1 else None
    batch = next((each for each in source if each.name == "batch"), None)
    if batch is None or len(shape) != 3:
        return None
    return Label("place", shape[0]), batch, Label("unit", shape[2])


def is_step(
    tape: Tape, index: int, found: Mapping[int, Labels], steps: set[int], made: Labels
) -> bool:
    """Whether a node is one step of a sequence: taken of one, or computed of one."""
    node = tape.nodes[index]
    if has(made, "time"):
        return False
    sources = reads(node)
    if any(each in steps for each in sources):
        return True
    whole = tape.nodes[sources[0]] if node.function is take else node
    taken = name_of(whole) in ("getitem", "select", "unbind")
    return taken and any(has(found[each], "time") for each in sources if each in found)


def stacked(node: Node, source: Labels, shape: Sequence[int], *, steps: bool) -> Labels | None:
    """Tensors of one shape along an axis of their own, which is time where they are steps."""
    axis = node.args[1] if len(node.args) > 1 else node.kwargs.get("dim", 0)
    if not isinstance(axis, int) or len(source) != len(shape) - 1:
        return None
    at = axis % len(shape)
    return (*source[:at], Label("time" if steps else "place", shape[at]), *source[at:])


def joined_steps(sources: Sequence[Labels], shape: Sequence[int]) -> Labels | None:
    """Steps of a sequence, each with an axis of length one, laid beside each other along it."""
    first = sources[0]
    if any(len(each) != len(shape) for each in sources):
        return None
    grown = [
        n for n, (e, length) in enumerate(zip(first, shape, strict=True)) if e.length != length
    ]
    if len(grown) != 1 or any(each[grown[0]].length != 1 for each in sources):
        return None
    return tuple(
        Label("time", length) if n in grown else each
        for n, (each, length) in enumerate(zip(first, shape, strict=True))
    )
