"""Which series, or which curves, each segment has: one flat table over all segments."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

Key = TypeVar("Key", bound=Hashable)

MOST_INDEXES = 1 << 10
"""Of which the numbers are kept: each merge brings another one."""


class Listed(NamedTuple):
    """What one segment has: of each thing the place in its index, from where on to where, and the
    number of its last row: of two sessions that end at one step, the later one's is the higher."""

    places: Ints
    lows: Floats
    highs: Floats
    lasts: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Slots(Generic[Key]):
    """A number for each key. It only grows, and is shared by all tables of a reader."""

    keys: list[Key] = field(default_factory=list)
    numbers: dict[Key, int] = field(default_factory=dict)
    _of_index: dict[int, tuple[object, Ints]] = field(default_factory=dict)

    def of(self, index: object, keys: Sequence[Key]) -> Ints:
        """The numbers of an index's keys. Several segments may share one: it is looked at once."""
        known = self._of_index.get(id(index))
        if known is None:
            if len(self._of_index) > MOST_INDEXES:
                self._of_index.clear()
            found = np.fromiter((self._number(key) for key in keys), np.int64, len(keys))
            known = self._of_index[id(index)] = (index, found)
        return known[1]

    def _number(self, key: Key) -> int:
        number = self.numbers.setdefault(key, len(self.keys))
        if number == len(self.keys):
            self.keys.append(key)
        return number


@dataclass(frozen=True, slots=True, eq=False)
class Contents(Generic[Key]):
    """Of each thing in each segment its slot, where it begins and ends, the number of the segment
    and the place there. In no order."""

    slots: Slots[Key] = field(default_factory=Slots)
    slot: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    low: Floats = field(default_factory=lambda: np.empty(0))
    high: Floats = field(default_factory=lambda: np.empty(0))
    segment: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    place: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    last: Ints = field(default_factory=lambda: np.empty(0, np.int64))

    def changed(self, gone: Mask, fresh: Mapping[int, tuple[Ints, Listed]]) -> Contents[Key]:
        """Without some segments, and with others: by number the slots of an index, and what of
        these the segment has."""
        stay = ~gone[self.segment] if len(gone) else slice(None)
        counts = [len(listed.places) for _, listed in fresh.values()]
        numbers = np.repeat(np.fromiter(fresh, np.int64, len(fresh)), counts)
        listed = [each for _, each in fresh.values()]
        return Contents(
            self.slots,
            np.concatenate([self.slot[stay], *(of[each.places] for of, each in fresh.values())]),
            np.concatenate([self.low[stay], *(each.lows for each in listed)]),
            np.concatenate([self.high[stay], *(each.highs for each in listed)]),
            np.concatenate([self.segment[stay], numbers]),
            np.concatenate([self.place[stay], *(each.places for each in listed)]),
            np.concatenate([self.last[stay], *(each.lasts for each in listed)]),
        )

    def having(self, key: Key, among: Mask | None = None) -> Sequence[tuple[int, int]]:
        """The numbers of the segments that have a key, each with the place there."""
        found = self.slot == self.slots.numbers.get(key, -1)
        if among is not None:
            found &= among[self.segment]
        return list(zip(self.segment[found].tolist(), self.place[found].tolist(), strict=True))

    def in_order(self, position: Ints) -> Iterator[Key]:
        """The keys that any segment has, those first that begin first."""
        order = np.lexsort((self.place, position[self.segment], self.low))
        slots, firsts = np.unique(self.slot[order], return_index=True)
        for slot in slots[np.argsort(firsts)].tolist():
            yield self.slots.keys[slot]

    def newest(self, position: Ints) -> Mapping[Key, tuple[int, int]]:
        """For each key the segment and the place where it ends last."""
        order = np.lexsort((self.place, self.last, position[self.segment], self.high))[::-1]
        slots, lasts = np.unique(self.slot[order], return_index=True)
        at = order[lasts]
        found = zip(self.segment[at].tolist(), self.place[at].tolist(), strict=True)
        return dict(zip((self.slots.keys[slot] for slot in slots.tolist()), found, strict=True))
