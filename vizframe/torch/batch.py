"""Which numbers of a tape are the batch's size: two traces, of two images and of three, tell.

traced with 2    view(2, 320)    arange(8)         a number that is 2 both times is no batch size
traced with 3    view(3, 320)    arange(12)
                 view(n, 320)    arange(4·n)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from vizframe.torch.node import InPlace, Node, NoTape, Ref, Sparing, Tape

FIRST, SECOND = 2, 3
"""How many images the two traces have."""


@dataclass(frozen=True, slots=True)
class Count:
    """An integer that depends on the number of images n: ``times · n + plus``."""

    times: int
    plus: int

    def of(self, images: int) -> int:
        return self.times * images + self.plus


def merge(first: Tape, second: Tape) -> Tape:
    """One tape for any number of images, with the shapes of one image.

    Raises:
        NoTape: the net did other things for the second.
    """
    same = len(first.nodes) == len(second.nodes) and first.output == second.output
    if not same or (first.broke is None) != (second.broke is None):
        raise NoTape("it does other things for another number of images")
    pairs = zip(first.nodes, second.nodes, strict=True)
    nodes = [_merge_node(one, two) for one, two in pairs]
    return Tape(nodes, first.data, first.output, first.modules, first.broke)


def _merge_node(one: Node, two: Node) -> Node:
    if function_of(one) != function_of(two) or one.inputs != two.inputs or one.leaf != two.leaf:
        raise NoTape(f"it does other things for another number of images ({one.word}, {two.word})")
    pairs = zip(one.shape, two.shape, strict=False)
    merged = replace(
        one,
        args=_merge_values(one.args, two.args),
        kwargs=_merge_values(dict(one.kwargs), dict(two.kwargs)),
        value=None,
    )
    merged.shape = tuple(_merge_values(a, b) for a, b in pairs)
    return merged


def function_of(node: Node) -> Any:
    """The function of PyTorch, whatever is done around it."""
    made = node.function
    return made.function if isinstance(made, InPlace | Sparing) else made


def _merge_values(one: Any, two: Any) -> Any:
    if type(one) is int and type(two) is int and one != two:
        times = (two - one) // (SECOND - FIRST)
        return Count(times, one - times * FIRST)
    if type(one) in (list, tuple) and type(two) is type(one) and len(one) == len(two):
        return type(one)(_merge_values(a, b) for a, b in zip(one, two, strict=True))
    if type(one) is dict and type(two) is dict and one.keys() == two.keys():
        return {key: _merge_values(each, two[key]) for key, each in one.items()}
    if isinstance(one, slice) and isinstance(two, slice):
        return slice(
            _merge_values(one.start, two.start),
            _merge_values(one.stop, two.stop),
            _merge_values(one.step, two.step),
        )
    plain = isinstance(one, Ref) or isinstance(two, Ref) or type(one) in (int, float, bool, str)
    if plain and (type(one) is not type(two) or (one != two and one == one)):
        raise NoTape(f"it does other things for another number of images ({one}, {two})")
    return one


def filled(value: Any, images: int) -> Any:
    """The value with the numbers that so many images make."""
    if isinstance(value, Count):
        return value.of(images)
    if type(value) in (list, tuple):
        return type(value)(filled(each, images) for each in value)
    if type(value) is dict or isinstance(value, Mapping):
        return {key: filled(each, images) for key, each in value.items()}
    if isinstance(value, slice):
        return slice(
            filled(value.start, images), filled(value.stop, images), filled(value.step, images)
        )
    return value


def has_count(value: Any) -> bool:
    """Whether a number in it depends on the number of images."""
    if isinstance(value, Count):
        return True
    if isinstance(value, slice):
        return any(has_count(each) for each in (value.start, value.stop, value.step))
    values = value.values() if isinstance(value, Mapping) else value
    return isinstance(value, Mapping | list | tuple) and any(has_count(each) for each in values)


def lengths(shape: tuple[Any, ...], images: int) -> tuple[int, ...]:
    """A node's shape for so many images."""
    return tuple(each.of(images) if isinstance(each, Count) else each for each in shape)
