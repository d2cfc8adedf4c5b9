"""What the axes of every node are called, carried forward from the images.

    images (batch, unit, y, x) ─ conv ─► (batch, unit, y, x) ─ flatten(2) ─► (batch, unit, y·x)
      ─ transpose ─► (batch, y·x, unit) ─ cat a class token ─► (batch, 1 + y·x, unit)
      ─ linear ─► the last axis numbers the units

So units are the features wherever a net keeps them, and tokens that lie on the image's grid are
known as such. Where nothing is known, an axis is a `place`.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate, pairwise

from vizframe.torch.batch import lengths
from vizframe.torch.label import Label, Labels
from vizframe.torch.map_axes import padded, rolled, sliced, summed
from vizframe.torch.node import Node, Tape, take
from vizframe.torch.operators import arguments, kind_of, name_of, reads
from vizframe.torch.step_axes import (
    is_step,
    joined_steps,
    recurrent_part,
    stacked,
    takes_words,
)

IMAGES = 7
"""An uncommon number of images, so that no other axis is mistaken for theirs."""


def labels_of(tape: Tape) -> dict[int, Labels]:
    """The axes of every node that depends on the images."""
    found: dict[int, Labels] = {}
    steps: set[int] = set()
    for index, node in enumerate(tape.nodes):
        shape = lengths(node.shape, IMAGES)
        if index == tape.data:
            found[index] = _usual(shape, words=takes_words(tape))
            continue
        known = [each for each in reads(node) if each in found]
        sources = [found[each] for each in known]
        if not sources:
            continue
        if not node.shape and node.function is not take:
            found[index] = sources[0]  # several outputs; each of them is a node of its own
        elif node.function is take:
            found[index] = _part_named(tape.nodes[node.inputs[0]], node, sources[0], shape)
        else:
            made = summed(node, found, shape) if name_of(node) == "einsum" else None
            is_of_steps = steps.issuperset(known)
            found[index] = made or _named(node, sources, shape, steps=is_of_steps)
        if is_step(tape, index, found, steps, found[index]):
            steps.add(index)
    return found


def _part_named(whole: Node, part: Node, source: Labels, shape: tuple[int, ...]) -> Labels:
    """The axes of one of several outputs of a call."""
    name = name_of(whole)
    if name == "unbind":
        axis = whole.args[1] if len(whole.args) > 1 else whole.kwargs.get("dim", 0)
        made: Labels | None = tuple(
            each for n, each in enumerate(source) if n != int(axis) % len(source)
        )
    elif kind_of(whole) == "recurrent":
        made = recurrent_part(whole, part, source, shape)
    else:
        made = _like([source], shape) or _reduced(whole, source, shape)
    if made is None or tuple(each.length for each in made) != shape:
        return _unknown(shape)
    return made


def _usual(shape: Sequence[int], *, words: bool) -> Labels:
    """The names of axes of which nothing is known but their number."""
    names: Sequence[str] = {
        1: ("batch",),
        2: ("batch", "time" if words else "unit"),
        3: ("batch", "time", "unit"),
        4: ("batch", "unit", "y", "x"),
        5: ("batch", "unit", "z", "y", "x"),
    }.get(len(shape), ("batch", "unit", *("place",) * max(0, len(shape) - 2)))
    return tuple(Label(name, length) for name, length in zip(names, shape, strict=False))


def _named(node: Node, sources: list[Labels], shape: tuple[int, ...], *, steps: bool) -> Labels:
    """The axes of a call's output; ``steps``: of one step of a sequence or several."""
    name, first = name_of(node), sources[0]
    kind = kind_of(node)
    made: Labels | None = None
    if kind in ("convolution", "transposed convolution"):
        made = _convolved(shape)
    elif kind in ("dense", "embedding"):
        made = _features_last(first, shape, kind == "embedding")
    elif kind == "recurrent":
        made = _features_last(first[: len(shape)], shape, False)
    elif name in ("permute", "transpose", "swapaxes", "t", "T", "mT", "movedim", "moveaxis"):
        made = _moved(node, name, first)
    elif name in ("view", "reshape", "flatten", "unflatten", "unsqueeze", "squeeze"):
        made = regrouped(first, shape)
    elif name == "roll":
        made = rolled(node, first)
    elif name == "pad":
        made = padded(node, first, shape)
    elif name in ("matmul", "bmm", "scaled_dot_product_attention"):
        made = _multiplied(name, sources, shape)
    elif name in ("cat", "concat", "concatenate"):
        made = (joined_steps(sources, shape) if steps else None) or _joined(sources, shape)
    elif name == "stack":
        made = stacked(node, first, shape, steps=steps)
    elif name in ("getitem", "select", "unbind"):
        made = _taken(node, name, first, shape)
    elif name in ("mean", "sum", "amax", "amin", "max", "min"):
        made = _reduced(node, first, shape)
    made = made if made is not None else _like(sources, shape)
    if made is None or tuple(each.length for each in made) != shape:
        return _unknown(shape)
    return made


def _unknown(shape: Sequence[int]) -> Labels:
    names = ("batch", "unit", *("place",) * max(0, len(shape) - 2))
    return tuple(Label(name, length) for name, length in zip(names, shape, strict=False))


def _convolved(shape: Sequence[int]) -> Labels:
    inner = {3: ("time",), 4: ("y", "x"), 5: ("z", "y", "x")}.get(len(shape), ())
    names = ("batch", "unit", *inner)
    return tuple(Label(name, length) for name, length in zip(names, shape, strict=False))


def _features_last(source: Labels, shape: Sequence[int], embedded: bool) -> Labels | None:
    """The axes behind a linear map, which makes the last one units; those elsewhere are no units
    any more."""
    kept = source if embedded else source[:-1]
    if len(kept) != len(shape) - 1:
        return None
    if embedded:
        kept = tuple(e if e.name == "batch" else replace(e, name="time") for e in kept)
    others = (replace(each, name="place") if each.name == "unit" else each for each in kept)
    return (*others, Label("unit", shape[-1]))


def _moved(node: Node, name: str, source: Labels) -> Labels | None:
    rank = len(source)
    numbers = [each for each in node.args[1:] if not isinstance(each, bool)]
    if len(numbers) == 1 and isinstance(numbers[0], list | tuple):
        numbers = list(numbers[0])
    numbers = numbers or [node.kwargs.get("dims")]
    if name == "permute":
        chosen = numbers[0] if isinstance(numbers[0], list | tuple) else numbers
        if not all(isinstance(each, int) for each in chosen) or len(chosen) != rank:
            return None
        return tuple(source[each % rank] for each in chosen)
    if name in ("movedim", "moveaxis"):
        return _axis_moved(numbers, source)
    if name in ("transpose", "swapaxes"):
        pair = [*numbers, *node.kwargs.values()][-2:]
    else:
        pair = [-1, -2] if name in ("mT", "t", "T") and rank >= 2 else []
    if len(pair) != 2 or not all(isinstance(each, int) for each in pair):
        return None
    moved = list(source)
    a, b = (each % rank for each in pair)
    moved[a], moved[b] = moved[b], moved[a]
    return tuple(moved)


def _axis_moved(numbers: Sequence[object], source: Labels) -> Labels | None:
    """The axes with one moved somewhere else, the others in their order."""
    if len(numbers) != 2 or not all(isinstance(each, int) for each in numbers):
        return None
    begin, end = (int(str(each)) % len(source) for each in numbers)
    rest = [each for n, each in enumerate(source) if n != begin]
    return *rest[:end], source[begin], *rest[end:]


def regrouped(source: Labels, shape: Sequence[int]) -> Labels | None:
    """The axes of a view: those of equal length stay, runs of them are merged, or one is split."""
    made: list[Label] = []
    left = list(source)
    wanted = list(shape)
    while left or wanted:
        if not left or not wanted:
            rest = wanted or [each.length for each in left]
            if any(length != 1 for length in rest):
                return None
            made += [Label("place", 1) for _ in wanted]
            break
        olds, news = [left.pop(0)], [wanted.pop(0)]
        while (have := math.prod(o.length for o in olds)) != (want := math.prod(news)):
            if have < want and left:
                olds.append(left.pop(0))
            elif want < have and wanted:
                news.append(wanted.pop(0))
            else:
                return None
        made += _grouped(olds, news)
    return tuple(made)


def _grouped(olds: list[Label], news: list[int]) -> list[Label]:
    if len(olds) == 1 and len(news) == 1:
        return olds
    solid = [each for each in olds if each.length != 1]
    if len(news) == 1 and len(solid) == 1:
        return solid
    if len(olds) == 1:
        return _split(olds[0], news)
    if len(news) == 1:
        return [_merged(olds)]
    return _refined(olds, news) or [Label("place", length) for length in news]


def _merged(every: list[Label]) -> Label:
    """Several axes merged into one; the parts of an axis that was split make that one again."""
    olds = [each for each in every if each.length != 1] or every
    length, names = math.prod(each.length for each in olds), [each.name for each in every]
    wholes = [each.whole for each in olds]
    first = wholes[0]
    is_all = first is not None and wholes == [(first[0], n) for n in range(len(olds))]
    if first is not None and is_all and first[0].length == length:
        return first[0]
    if "batch" in names:
        return Label("batch", length, tuple(olds))
    name = "time" if names == ["y", "x"] else "unit" if "unit" in names else "place"
    return Label(name, length, tuple(olds))


def _refined(olds: list[Label], news: list[int]) -> list[Label] | None:
    """Several axes as several others: each split where another ends, then merged.

    (batch 7, unit 16) as (14, 8):  batch 7 · head 2 · unit 8  ─►  (batch · head, unit)
    """
    olds = [each for each in olds if each.length != 1]
    solid = [each for each in news if each != 1]
    is_same = math.prod(solid) == math.prod(each.length for each in olds)
    ends = sorted(_ends([each.length for each in olds]) | _ends(solid))
    if not is_same or any(b % a for a, b in pairwise(ends)):
        return None
    pieces: list[Label] = []
    begin = 1
    for old in olds:
        end = begin * old.length
        inside = [begin, *(each for each in ends if begin < each < end), end]
        lengths = [b // a for a, b in pairwise(inside)]
        pieces += [old] if len(lengths) == 1 else _split(old, lengths)
        begin = end
    made = []
    for length in news:
        if length == 1:
            made.append(Label("place", 1))
            continue
        taken = [pieces.pop(0)]
        while math.prod(each.length for each in taken) < length:
            taken.append(pieces.pop(0))
        made.append(taken[0] if len(taken) == 1 else _merged(taken))
    return made


def _ends(lengths: Sequence[int]) -> set[int]:
    """Where each axis ends, in numbers of places."""
    return set(accumulate(lengths, operator.mul))


def _split(old: Label, news: list[int]) -> list[Label]:
    """One axis as several: the parts that it was merged from, or new ones."""
    if len(old.parts) > 1 and not old.before:
        found = _refined(list(old.parts), news)
        if found is not None:
            return found
    if sum(each != 1 for each in news) == 1:
        return [Label("place", 1) if each == 1 else old for each in news]
    if old.name == "batch":
        return [Label("batch", news[0]), *(Label("place", each) for each in news[1:])]
    names = ["place"] * len(news)
    if old.name == "unit":
        names = [*["head"] * (len(news) - 1), "unit"]
    numbers = accumulate((each != 1 for each in news), initial=0)
    return [
        Label("place", 1) if length == 1 else Label(name, length, whole=(old, number))
        for name, length, number in zip(names, news, numbers, strict=False)
    ]


def _multiplied(name: str, sources: list[Labels], shape: tuple[int, ...]) -> Labels | None:
    first = sources[0]
    if name == "scaled_dot_product_attention":
        return first if len(first) == len(shape) else None
    second = sources[1] if len(sources) > 1 else None
    if second is None or len(first) != len(shape) or len(second) != len(shape):
        return _features_last(first, shape, False)
    last = second[-1]
    if first[-2].name in ("time", "place") and last.name in ("time", "place") and len(first) > 2:
        head = replace(first[-3], name="head") if len(first) > 3 else None
        rest = first[:-2] if head is None else (*first[:-3], head)
        return (*rest, replace(first[-2], name="time"), replace(last, name="source"))
    restored = tuple(
        replace(each, name="time") if each.name == "time" else each for each in first[:-1]
    )
    return (*restored, last)


def _joined(sources: list[Labels], shape: tuple[int, ...]) -> Labels | None:
    """The axes of joined tensors. The axis that grew keeps its name; what was put first along it
    stands before its grid."""
    likely = max(sources, key=lambda each: sum(label.length for label in each))
    if len(likely) != len(shape):
        return None
    made = []
    for axis, (label, length) in enumerate(zip(likely, shape, strict=True)):
        if label.length == length:
            made.append(label)
        elif label.grid is not None:
            others = length - label.length
            first = sources[0][axis].length if sources[0] is not likely else others
            made.append(replace(label, length=length, before=first))
        else:
            made.append(Label(label.name, length))
    return tuple(made)


def _taken(node: Node, name: str, source: Labels, shape: tuple[int, ...]) -> Labels | None:
    """The axes behind an index: those at which one place was taken are gone, those that were
    sliced keep their name."""
    if name == "select":
        axis = node.args[1] if len(node.args) > 1 else node.kwargs.get("dim")
        return tuple(e for n, e in enumerate(source) if n != int(axis or 0) % len(source))
    if len(node.args) < 2:
        return None
    keys = node.args[1] if isinstance(node.args[1], tuple) else (node.args[1],)
    if any(not isinstance(each, int | slice | type(None) | type(...)) for each in keys):
        return None
    if ... in keys:
        at = keys.index(...)
        solid = sum(each is not None for each in keys) - 1
        keys = (*keys[:at], *(slice(None),) * (len(source) - solid), *keys[at + 1 :])
    left, made = list(source), []
    starts: list[object] = []
    for key in keys:
        if key is None:
            made.append(Label("place", 1))
            starts.append(0)
        elif left:
            label = left.pop(0)
            if isinstance(key, slice):
                made.append(label)
                starts.append(key.start or 0)
    made += left
    starts += [0] * len(left)
    if len(made) != len(shape):
        return None
    return tuple(sliced(*each) for each in zip(made, starts, shape, strict=True))


def _reduced(node: Node, source: Labels, shape: tuple[int, ...]) -> Labels | None:
    given = arguments(node)
    axes = given.get("dim", node.args[1] if len(node.args) > 1 else None)
    if axes is None:
        return None
    told = axes if isinstance(axes, list | tuple) else (axes,)
    if not all(isinstance(a, int) for a in told):  # a tensor, beside a sequence that is packed
        return None
    gone = {a % len(source) for a in told}
    if len(shape) == len(source):
        return tuple(Label(e.name, 1) if n in gone else e for n, e in enumerate(source))
    return tuple(each for n, each in enumerate(source) if n not in gone)


def _like(sources: list[Labels], shape: tuple[int, ...]) -> Labels | None:
    """The axes of the source of that shape of which most is known; else of the first of that rank,
    with other lengths."""
    fitting = [each for each in sources if tuple(label.length for label in each) == shape]
    if fitting:
        return max(fitting, key=lambda each: sum(label.name != "place" for label in each))
    for each in sources:
        if len(each) == len(shape):
            pairs = zip(each, shape, strict=True)
            return tuple(e if e.length == n else Label(e.name, n) for e, n in pairs)
    return None
