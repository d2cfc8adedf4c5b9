"""What a tape's nodes are called: by the module that made them.

layer1.0.conv1        the only call in a module without children
layer1.0.add          a call in a module with children: its path, and the function
lstm.hidden, .cell    the state that a recurrent layer ends in
relu, relu.call2      a module, or a function, called twice
layer1.0              another name of its last call: what the module gave
"""

from __future__ import annotations

from collections import Counter

from vizframe.torch.node import Node, Tape, take
from vizframe.torch.operators import kind_of, name_of, reads

_NAMELESS_NAMES = """
    contiguous to float half double detach clone type type_as
    new_zeros new_ones new_full new_empty zeros_like ones_like full_like empty_like
"""
_NAMELESS = frozenset(_NAMELESS_NAMES.split())

_SEQUENCES = ("lstm", "gru", "rnn_tanh", "rnn_relu")
_STATES = {(1,): "hidden", (2,): "cell"}
"""Where they lie in what PyTorch's functions of these names give."""


def names_of(tape: Tape, depends: set[int]) -> tuple[dict[int, str], dict[str, str]]:
    """The name of each node that is a layer, in forward order, and other names of these."""
    own: dict[int, str] = {}
    also: dict[str, int] = {}
    for path, index, has_children in tape.modules:
        if not path:
            continue
        if not has_children and index not in own and tape.nodes[index].path == path:
            own[index] = path
        else:
            also.setdefault(path, index)
    read = {tape.output, *(each for node in tape.nodes for each in reads(node))}
    counts: Counter[str] = Counter()
    names: dict[int, str] = {}
    for index in sorted(depends - {tape.data}):
        node = tape.nodes[index]
        if not node.shape or (index not in own and name_of(node) in _NAMELESS):
            continue
        if node.function is take and node.args[1] != (0,) and index not in read:
            continue  # such as a state that the net makes nothing of
        word = _state(tape, node) or name_of(node) or kind_of(node)
        base = own.get(index) or (f"{node.path}.{word}" if node.path else word)
        counts[base] += 1
        names[index] = base if counts[base] == 1 else f"{base}.call{counts[base]}"
    aliases = {path: names[index] for path, index in also.items() if index in names}
    return names, aliases


def _state(tape: Tape, node: Node) -> str | None:
    """The name of the state that a recurrent layer ends in, if the node is one; else None."""
    if node.function is not take or kind_of(node) != "recurrent":
        return None
    whole, place = tape.nodes[node.inputs[0]], node.args[1]
    return _STATES.get(place) if name_of(whole) in _SEQUENCES else None
