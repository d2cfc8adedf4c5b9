"""Scalars: the numbers that a training tells at a step, in whatever form it has them.

0.3, np.float32(0.3), an array         its mean
[loss of gpu 0, loss of gpu 1]         the mean of all
("accuracy", 0.9)                      the number, as a metric's get() gives it
{"train": 0.1, "val": 0.3}             two scalars, losses/train and losses/val
a function                             what it gives, called only at a step that is recorded
None, a text                           said once, and left out
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from vizframe.errors import UsageError
from vizframe.network.guard import Guard
from vizframe.wording import short

Number = object
"""A number, an array, a list or mapping of these, or a function that gives one of these."""

ToNumber = Callable[[object], float]


def read_scalars(
    given: Mapping[str, Number], number: ToNumber, guard: Guard
) -> Iterator[tuple[str, float]]:
    """Each scalar as one number. A value that is none is named once in a warning, and left out.

    Args:
        number: reads an array as its mean.
    """
    for name, value in given.items():
        found: list[tuple[str, float]] = []
        with guard(f"the scalar {str(name)!r}"):
            found = list(_read(str(name), value() if callable(value) else value, number))
        yield from found


def _read(name: str, value: object, number: ToNumber) -> Iterator[tuple[str, float]]:
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield from _read(f"{name}/{key}", each, number)
    else:
        yield name, _mean(name, value, number)


def _mean(name: str, value: object, number: ToNumber) -> float:
    """Raises UsageError where the value holds no number."""
    if isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], str):
        value = value[1]  # a metric's name and its value
    if isinstance(value, (bool, int, float)):
        return float(value)
    if isinstance(value, (list, tuple)) and value:
        return sum(_mean(name, each, number) for each in value) / len(value)
    try:
        if value is None or isinstance(value, (str, bytes, list, tuple)):
            raise TypeError
        return float(number(value))
    except Exception:  # a framework's array may refuse to be read in a way of its own
        raise UsageError(
            f"the scalar {name!r} is {short(value)}; it can be a number, an array, a list of "
            "these, or a function that gives one"
        ) from None
