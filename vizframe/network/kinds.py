"""The vocabulary in which an adapter says what its layers are, whatever its framework calls them.

kind                       its ``weight``, where it has one      usual axes of its output
convolution                (unit, input, y, x)                   unit, y, x
transposed convolution     (unit, input, y, x)                   unit, y, x
dense                      (unit, input)                         unit; time, unit
embedding                  (unit, word)                          time, unit
recurrent                  several, by the framework's names     time, unit
attention                  none                                  head, time, source
normalization … other      none, or one number per unit          those of what it reads
"""

from __future__ import annotations

from typing import Literal, get_args

Kind = Literal[
    "convolution",
    "transposed convolution",
    "dense",
    "embedding",
    "recurrent",
    "attention",
    "normalization",
    "activation",
    "softmax",
    "pooling",
    "dropout",
    "reshape",
    "join",
    "arithmetic",
    "input",
    "other",
]
"""What a layer is. A block of several operators is what its own parameters belong to, such as a
convolution with its ReLU; ``reshape`` also cuts, turns and repeats, ``join`` puts layers side by
side, ``arithmetic`` calculates with one or more of them, ``other`` is what no word fits."""

KINDS: tuple[Kind, ...] = get_args(Kind)

KERNEL_KINDS: frozenset[Kind] = frozenset(
    ("convolution", "transposed convolution", "dense", "embedding")
)
"""Those whose ``weight`` is (unit, input, …)."""

Axis = Literal["unit", "head", "time", "source", "z", "y", "x", "place"]
"""What an axis of a layer's output is called: ``unit`` (or ``head``, of an attention) numbers its
units; ``time`` a sequence's places, ``source`` those that an attention looks at; ``place`` is any
other."""

UNIT_AXES = ("unit", "head")
"""The axis that numbers a layer's units; every layer has one of them or is a single number."""


_USUAL: dict[int, tuple[Axis, ...]] = {
    1: ("unit",),
    2: ("time", "unit"),
    3: ("unit", "y", "x"),
    4: ("unit", "z", "y", "x"),
}
_PLACES: tuple[Axis, ...] = ("place",) * 32


def default_axes(rank: int) -> tuple[Axis, ...]:
    """The axes of an output of so many, where nothing more is known: units first, or, of two, last.

    >>> default_axes(3), default_axes(2)
    (('unit', 'y', 'x'), ('time', 'unit'))
    """
    if not rank:
        return ()
    return _USUAL.get(rank) or ("unit", *_PLACES[: rank - 1])
