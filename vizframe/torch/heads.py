"""Heads: pieces of the units, each of which an attention looks with by itself.

Units are cut into pieces for many reasons, such as shuffling channels. They are heads only where a
softmax is taken over the places that are looked at, or PyTorch computes the attention in one call.
"""

from __future__ import annotations

from collections.abc import Mapping

from vizframe.torch.label import Label, Labels
from vizframe.torch.node import Tape
from vizframe.torch.operators import kind_of, name_of, reads


def heads_of(tape: Tape, labels: Mapping[int, Labels]) -> frozenset[Label]:
    """The axes of the net that are heads."""
    found: set[Label] = set()
    for index, made in labels.items():
        node = tape.nodes[index]
        looks = kind_of(node) == "softmax" and any(each.name == "source" for each in made)
        if looks or name_of(node) == "scaled_dot_product_attention":
            sources = [labels[each] for each in reads(node) if each in labels]
            for axes in (made, *sources):
                found.update(each for each in axes if each.name == "head")
    return frozenset(found)
