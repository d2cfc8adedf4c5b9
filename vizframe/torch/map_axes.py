"""Axes of maps and tokens that are rolled, padded, cut, or summed by an equation.

y 16, rolled by -3 ─► y 16, which says so ─► windows of it are rolled back when they are shown
y 16 ─ zeros behind it ─► y 21, whose first 16 places are y ─ [:16] ─► y
tokens 1 + y·x ─ [1:] ─► tokens y·x
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from vizframe.torch.label import Label, Labels
from vizframe.torch.node import Node
from vizframe.torch.operators import arguments, reads

_PLACES = ("y", "x")
_LOOKED_AT = ("time", "place")


def rolled(node: Node, source: Labels) -> Labels | None:
    """The axes of a rolled map; None where the call does not say which ones were rolled."""
    given = [*node.args[1:], *(node.kwargs.get(key) for key in ("shifts", "dims"))]
    shifts, axes = [each for each in given if each is not None][:2] or (None, None)
    if shifts is None or axes is None:
        return None
    by = dict(zip(_numbers(axes, len(source)), _numbers(shifts), strict=True))
    return tuple(
        replace(each, shift=(each.shift + by.get(axis, 0)) % each.length)
        if each.name in _PLACES
        else each
        for axis, each in enumerate(source)
    )


def _numbers(given: object, rank: int | None = None) -> list[int]:
    values = list(given) if isinstance(given, list | tuple) else [given]
    numbers = [int(str(each)) for each in values]
    return numbers if rank is None else [each % rank for each in numbers]


def padded(node: Node, source: Labels, shape: Sequence[int]) -> Labels | None:
    """The axes of a map that was padded at its ends; None where it was padded in front, too."""
    widths = arguments(node).get("pad")
    if not isinstance(widths, tuple | list) or any(each != 0 for each in widths[::2]):
        return None
    if len(source) != len(shape):
        return None
    return tuple(
        e if e.length == n else Label(e.name, n, inner=e if e.name in _PLACES else None)
        for e, n in zip(source, shape, strict=True)
    )


def sliced(label: Label, start: object, length: int) -> Label:
    """The axis of a slice. Where the slice is all that lies on the image's grid, it is the
    grid's."""
    if label.length == length:
        return label
    inner = label.inner
    if start == 0 and inner is not None and not label.shift and inner.length == length:
        return inner
    if label.grid is not None and label.before == start:
        y, x = label.grid
        if y.length * x.length == length:
            return replace(label, length=length, before=0)
    return Label(label.name, length)


def summed(node: Node, found: Mapping[int, Labels], shape: Sequence[int]) -> Labels | None:
    """The axes of an `einsum`, by its letters; None where the letters do not tell."""
    equation = str(node.args[0]).replace(" ", "") if node.args else ""
    left, arrow, out = equation.partition("->")
    terms, operands = left.split(","), reads(node)
    if not arrow or "." in equation or len(terms) != len(operands) or len(out) != len(shape):
        return None
    known = [(t, found[each]) for t, each in zip(terms, operands, strict=True) if each in found]
    if any(len(term) != len(labels) for term, labels in known):
        return None
    named: dict[str, Label] = {}
    for term, labels in known:
        for letter, label in zip(term, labels, strict=True):
            named.setdefault(letter, label)
    has_unit = any(named[each].name == "unit" for each in out if each in named)
    new = "place" if has_unit else "unit"
    made = [named.get(each) or Label(new, n) for each, n in zip(out, shape, strict=True)]
    if len(known) == 2 and _looks(out, known, named):
        made[-2:] = replace(made[-2], name="time"), replace(made[-1], name="source")
        if len(made) > 3 and made[-3].name != "batch":
            made[-3] = replace(made[-3], name="head")
    is_of_shape = math.prod(each.length for each in made) == math.prod(shape)
    return tuple(made) if is_of_shape else None


def _looks(out: str, known: Sequence[tuple[str, Labels]], named: Mapping[str, Label]) -> bool:
    """Whether places attend to places: the output's last two axes are places, one of each operand,
    and what is summed over are units."""
    (first, _), (second, _) = known
    gone = [named[each] for each in first if each in second and each not in out]
    if len(out) < 3 or [each.name for each in gone] != ["unit"]:
        return False
    asks, asked = out[-2], out[-1]
    apart = asks in first and asks not in second and asked in second and asked not in first
    return apart and all(named[each].name in _LOOKED_AT for each in (asks, asked))
