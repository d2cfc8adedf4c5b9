"""Where a net's scores are, and what a question about two unrelated layers is told."""

from __future__ import annotations

from vizframe.errors import NetworkError
from vizframe.graph.scores import Made, scores_of
from vizframe.torch.node import Tape
from vizframe.torch.operators import kind_of, name_of


def score_node(tape: Tape) -> int:
    """The scores: what the net gives, or what its softmax or sigmoid is taken of."""
    assert tape.output is not None

    def look(index: int) -> Made[int] | None:
        node = tape.nodes[index]
        if node.function is None:
            return None
        given = (*node.args, *node.kwargs.values())
        numbers = tuple(float(each) for each in given if type(each) in (int, float))
        return Made(name_of(node), node.inputs, numbers, kind_of(node) == "softmax")

    return scores_of(tape.output, look)


def unrelated_error(layer: str, inner: str) -> NetworkError:
    return NetworkError(
        f"layer {layer!r} does not depend on layer {inner!r}; name one that comes before it"
    )
