"""Where a net's scores are, and what a question about two unrelated layers is told."""

from __future__ import annotations

from vizframe.errors import NetworkError
from vizframe.torch.node import Tape
from vizframe.torch.operators import kind_of


def score_node(tape: Tape) -> int:
    """The scores: what the net gives, or what its softmax is taken of."""
    assert tape.output is not None
    index = tape.output
    while kind_of(tape.nodes[index]) == "softmax":
        index = tape.nodes[index].inputs[0]
    return index


def unrelated_error(layer: str, inner: str) -> NetworkError:
    return NetworkError(
        f"layer {layer!r} does not depend on layer {inner!r}; name one that comes before it"
    )
