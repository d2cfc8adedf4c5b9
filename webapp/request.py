"""What a URL asks for: a run, a series, a step, and which tiles. Nothing in it is ever a path.

?run=mnist&id=5f0c…&kind=activation&layer=conv0&step=40&at=3,*
                                                        │ └ all units
                                                        └ probe image 3
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import request as current

from vizframe.errors import UnknownName, UsageError
from vizframe.history import Declaration, History
from vizframe.history.lookup import find_series

EVERY = "*"

At = tuple[int | None, ...]
"""One entry per tile axis: its index, or None for all of it."""


def query() -> dict[str, str]:
    """The arguments of the address that is asked for now; of a name given twice, the first."""
    return current.args.to_dict()


def text(arguments: Mapping[str, str], name: str) -> str:
    """An argument that has to be given."""
    if name not in arguments:
        raise UsageError(f"the address has no {name!r}; add {name}=…")
    return arguments[name]


def number(arguments: Mapping[str, str], name: str, default: int | None = None) -> int:
    """A whole number of at least 0."""
    if name not in arguments and default is not None:
        return default
    given = text(arguments, name)
    if not given.isascii() or not given.isdecimal() or len(given) > 18:
        raise UsageError(f"{name} is {given!r}; it can be a whole number of at least 0")
    return int(given)


def declaration(history: History, kind: str, layer: str) -> Declaration:
    """The series that ``kind`` (``label`` or ``label.part``) and ``layer`` name.

    Raises:
        UnknownName: with the nearest kinds, or the layers that have this kind.
    """
    return history.declarations[find_series(history, kind, layer)[0]]


def steps(history: History, found: Declaration, given: str) -> Sequence[int]:
    """Recorded steps, in the order given.

    Raises:
        UnknownName: one of them was not recorded; the message lists the nearest.
    """
    recorded = history.series_steps(found.key)
    return [_step(word, recorded) for word in given.split(",")]


def _step(word: str, recorded: Sequence[int]) -> int:
    if word.isascii() and word.isdecimal() and len(word) < 19 and int(word) in recorded:
        return int(word)
    raise UnknownName("step", word, map(str, recorded))


def at(found: Declaration, given: str | None) -> At:
    """Which tiles: by default all of the axis that the gallery spreads, and the first of others."""
    shape, names = found.tile_shape, found.tile_axes
    if given is None:
        return tuple(None if axis == spread(names) else 0 for axis in names)
    words = given.split(",") if given else []
    if len(words) != len(names):
        raise UsageError(
            f"at is {given!r}; it can be {len(names)} entries for {', '.join(names)}, "
            f"each an index or {EVERY}"
        )
    return tuple(_index(*each) for each in zip(words, names, shape, strict=True))


def spread(names: Sequence[str]) -> str | None:
    """The axis that a gallery shows side by side: the units, where there are any."""
    if "unit" in names:
        return "unit"
    return names[-1] if names else None


def _index(word: str, axis: str, length: int) -> int | None:
    if word == EVERY:
        return None
    if word.isascii() and word.isdecimal() and len(word) < 10 and int(word) < length:
        return int(word)
    raise UsageError(f"the {axis} is {word!r}; it can be 0 to {length - 1}, or {EVERY}")


@dataclass(frozen=True, slots=True)
class RequestedSeries:
    """One series of an open run, as a request names it."""

    history: History
    declaration: Declaration
    at: At

    @property
    def where(self) -> tuple[slice | int, ...]:
        """The tiles, as NumPy takes them out of an array with the tile axes."""
        return tuple(slice(None) if index is None else index for index in self.at)

    @property
    def tile(self) -> tuple[int, ...]:
        """One tile: the first along each axis of which all is wanted."""
        return tuple(index or 0 for index in self.at)

    @property
    def leading(self) -> tuple[int, ...]:
        """The fixed indices before the first axis of which all is wanted: what a store reads
        least."""
        first = self.at.index(None) if None in self.at else len(self.at)
        return tuple(index for index in self.at[:first] if index is not None)

    @classmethod
    def of(cls, history: History, arguments: Mapping[str, str]) -> RequestedSeries:
        """
        Raises:
            UnknownName: the run was made anew (its id differs), or has no such series.
        """
        given = arguments.get("id")
        if given is not None and given != history.info.id:
            raise UnknownName("id", given, [history.info.id])
        found = declaration(history, text(arguments, "kind"), text(arguments, "layer"))
        return cls(history, found, at(found, arguments.get("at")))
