"""Lists as people write them on a command line: with commas, or one thing alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, get_args

Item = TypeVar("Item")


def split_commas(text: str) -> list[str]:
    """The parts of a text between commas, stripped of blanks; empty ones are left out.

    >>> split_commas("a, b,, ")
    ['a', 'b']
    """
    return [item.strip() for item in text.split(",") if item.strip()]


def items(given: object) -> object:
    """The list that a text or a number stands for; anything else as it is, for pydantic to judge.

    >>> items("grad_cam, gradient"), items(3), items([3, 4])
    (['grad_cam', 'gradient'], [3], [3, 4])
    """
    if isinstance(given, str):
        return split_commas(given)
    return [given] if isinstance(given, int) else given


def each_once_of(allowed: object) -> Callable[[tuple[Item, ...]], tuple[Item, ...]]:
    """A check of a list whose items are of a ``Literal``: it has one at least, and each once.

    >>> from typing import Literal
    >>> each_once_of(Literal["rise", "expected"])(("rise", "rise"))
    ('rise',)
    """

    def check(chosen: tuple[Item, ...]) -> tuple[Item, ...]:
        if not chosen:
            raise ValueError(f"it can be one or more of {', '.join(get_args(allowed))}")
        return tuple(dict.fromkeys(chosen))

    return check
