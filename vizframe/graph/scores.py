"""Where a network's scores are: what it gives, or what its softmax or sigmoid is taken of.

scores ─ softmax ─ reshape ─ clip ─ + 1e-9 ─ log ─► output
   ▲              what keeps the classes and their order is walked back over

scores ─ − max ─ exp ─┬─────── ÷ ─► output      a softmax that is written out
   ▲                  └─ sum ──┘
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

_SAME_NAMES = """
    reshape reshape_like reshape_as view view_as flatten unflatten squeeze expand_dims unsqueeze
    contiguous clone identity copy dropout blockgrad detach makeloss make_loss cast amp_cast to type
    type_as float half double bfloat16 clip clamp log log2 log10
"""
_SAME = frozenset(_SAME_NAMES.split())
_SIGMOIDS = frozenset(
    [
        "sigmoid",
        "hard_sigmoid",
        "hardsigmoid",
        "log_sigmoid",
        "logsigmoid",
        "expit",
        "logisticregressionoutput",
    ]
)
_BY_ONE = frozenset(
    ["mul", "multiply", "rmul", "div", "divide", "true_divide", "truediv", "power", "pow"]
)
_BY_ZERO = frozenset(["plus", "add", "radd", "minus", "sub", "subtract"])
_AT_LEAST = frozenset(("maximum", "clamp_min"))
_QUOTIENTS = frozenset(["div", "divide", "true_divide", "truediv"])
_DIFFERENCES = frozenset(["minus", "sub", "subtract"])
_SUMS = frozenset(("sum", "sum_axis"))
_MAXIMA = frozenset(("max", "max_axis", "amax"))
_SPREAD = frozenset(["broadcast_to", "expand", "expand_as", "broadcast_like", "repeat", "tile"])

_SMALL = 1e-3
"""What is added to probabilities, or taken for their least, so that a logarithm of them is finite,
is less."""

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Made(Generic[Value]):
    """How a value came about.

    Attributes:
        name: of the function, without marks of an interface.
        inputs: what it was made of.
        numbers: that it was given beside them.
        is_softmax: whether it is one, of any spelling.
    """

    name: str
    inputs: tuple[Value, ...]
    numbers: tuple[float, ...] = ()
    is_softmax: bool = False


Look = Callable[[Value], Made[Value] | None]
"""How a value came about; None of one that is given."""


def scores_of(head: Value, look: Look[Value]) -> Value:
    """The scores before a softmax or sigmoid, or the head itself where it has none."""
    value = head
    while (made := look(value)) is not None and made.inputs:
        if made.name != "softmin" and (made.is_softmax or made.name in _SIGMOIDS):
            return made.inputs[0]
        if made.name in _QUOTIENTS and len(made.inputs) == 2:
            written_out = _before_exponents(made, look)
            return head if written_out is None else written_out
        if not _keeps_order(made):
            break
        value = made.inputs[0]
    return head


def _keeps_order(made: Made[Value]) -> bool:
    """Whether each class is still there, and the larger one is the larger one."""
    if made.name in _SAME:
        return True
    if not made.numbers or len(made.inputs) != 1:
        return False
    if made.name in _BY_ONE:
        return all(each == 1 for each in made.numbers)
    if made.name in _BY_ZERO:
        return all(abs(each) <= _SMALL for each in made.numbers)
    return made.name in _AT_LEAST and made.numbers[0] <= _SMALL


def _before_exponents(quotient: Made[Value], look: Look[Value]) -> Value | None:
    """Of exponents over their sum what they are the exponents of; None of any other quotient."""
    above, below = quotient.inputs
    exponents, total = look(above), look(_way_back(below, look, _SAME | _SPREAD)[-1])
    if exponents is None or exponents.name != "exp" or total is None or total.name not in _SUMS:
        return None
    if total.inputs[0] != above:
        return None
    return _before_shift(exponents.inputs[0], look)


def _before_shift(value: Value, look: Look[Value]) -> Value:
    """Without its own maximum taken off, which no softmax sees."""
    made = look(value)
    if made is None or made.name not in _DIFFERENCES or len(made.inputs) != 2:
        return value
    whole, taken_off = made.inputs
    is_own = whole in _way_back(taken_off, look, _SAME | _SPREAD | _MAXIMA)
    return whole if is_own else value


def _way_back(value: Value, look: Look[Value], over: frozenset[str]) -> list[Value]:
    """A value, and what it was before functions of these names, as far as these go; a reduction is
    one of its first input."""
    way = [value]
    while (made := look(way[-1])) is not None and made.inputs and made.name in over:
        way.append(made.inputs[0])
    return way
