"""Scalars: the numbers that a training tells at a step, in whatever form it has them.

0.3, np.float32(0.3), an array         its mean
[loss of gpu 0, loss of gpu 1]         the mean of all
("accuracy", 0.9)                      the number, as a metric's get() gives it
{"train": 0.1, "val": 0.3}             two scalars, losses/train and losses/val
[("acc", 0.9), ("f1", 0.8)]            likewise, as a metric's get_name_value() gives them
(["acc", "f1"], [0.9, 0.8])            likewise, as the get() of several metrics gives them
a function                             what it gives, called only at a step that is recorded
None, a text                           said once, and left out
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from vizframe.errors import UsageError
from vizframe.network.guard import Guard
from vizframe.network.quiet import without_warnings
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
        with guard(f"the scalar {str(name)!r}"), without_warnings():
            found = list(_read(str(name), value() if callable(value) else value, number))
        yield from found


def _read(name: str, value: object, number: ToNumber) -> Iterator[tuple[str, float]]:
    several = _by_name(value)
    if several is not None:
        for key, each in several.items():
            yield from _read(f"{name}/{key}", each, number)
    else:
        yield name, _mean(name, value, number)


def _by_name(value: Number) -> Mapping[object, Number] | None:
    """Several scalars by their names; None of what is one."""
    if isinstance(value, Mapping):
        return value
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return dict(zip(value._fields, value, strict=True))
    if not isinstance(value, (list, tuple)) or len(value) < 2:
        return None
    if len(value) == 2 and isinstance(value[0], list) and _are_names(value[0]):
        names, values = value
        fits = isinstance(values, list) and len(values) == len(names) == len(set(names))
        return dict(zip(names, values, strict=True)) if fits else None
    pairs = [each for each in value if isinstance(each, tuple) and len(each) == 2]
    names = [each[0] for each in pairs]
    is_named = len(pairs) == len(value) == len(set(map(str, names))) and _are_names(names)
    return dict(pairs) if is_named else None


def _are_names(values: list[object]) -> bool:
    return bool(values) and all(isinstance(each, str) for each in values)


def _is_complex(value: object) -> bool:
    return isinstance(value, complex) or "complex" in str(getattr(value, "dtype", ""))


def _mean(name: str, value: object, number: ToNumber) -> float:
    """Raises UsageError where the value holds no number."""
    if isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], str):
        value = value[1]  # a metric's name and its value
    if isinstance(value, (bool, int, float)):
        return float(value)
    if isinstance(value, (list, tuple)) and value:
        return sum(_mean(name, each, number) for each in value) / len(value)
    try:
        if value is None or isinstance(value, (str, bytes, list, tuple)) or _is_complex(value):
            raise TypeError
        return float(number(value))
    except Exception:  # a framework's array may refuse to be read in a way of its own
        raise UsageError(
            f"the scalar {name!r} is {short(value)}; it can be a number, an array, a list of "
            "these, or a function that gives one"
        ) from None
