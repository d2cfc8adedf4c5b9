"""Commits that no file of a run has: one was removed, not copied, or lost with the power.

    s00000000-00000063   s00000064-00000064   s00000067-00000067        65 and 66 are in no file

The commits of a session are counted, so those that are missing between others show. What a session
had recorded last, and nothing follows, does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from vizframe.store.format.names import Commits, SegmentName, Session


class Held(NamedTuple):
    """Neighbouring commits that a file has, sound or not, and its training steps if known."""

    commits: Commits
    low: int | None = None
    high: int | None = None

    @classmethod
    def by(cls, name: SegmentName) -> Held:
        return cls(name.commits, name.low, name.high)


@dataclass(frozen=True, slots=True)
class Gap:
    """Neighbouring commits of a session that no file has.

    Attributes:
        after, before: the training steps on both sides, as far as they are known.
    """

    session: Session
    first: int
    last: int
    after: int | None
    before: int | None

    @property
    def key(self) -> tuple[Session, int]:
        """Stays the same while what is beside it is merged."""
        return self.session, self.first

    @property
    def count(self) -> int:
        return self.last - self.first + 1

    def sentence(self, run: str) -> str:
        """What is missing, for a person."""
        several = self.count > 1
        steps = f"{self.count} recorded steps" if several else "a recorded step"
        return (
            f"{run}: {steps}{self._where()} {'are' if several else 'is'} missing: no file has "
            f"commit {self.first}{f' to {self.last}' if several else ''} of {self.session}; "
            "it was removed, or not copied"
        )

    def _where(self) -> str:
        if self.after is None:
            return "" if self.before is None else f" before step {self.before}"
        end = "" if self.before is None else f" and step {self.before}"
        return f" between step {self.after}{end}" if end else f" after step {self.after}"


def find_gaps(sound: Sequence[Held], damaged: Sequence[Held] = ()) -> Sequence[Gap]:
    """What is missing between the commits that there are.

    Args:
        damaged: files that are there. Of a session that has nothing sound nothing is said: it may
            be another run's.
    """
    known = {each.commits.session for each in sound}
    held = [*sound, *(each for each in damaged if each.commits.session in known)]
    held.sort(key=_order)
    gaps = []
    session: Session | None = None
    expected, after = 0, None
    for (own, first, last), low, high in held:
        if own is not session and own != session:
            session, expected, after = own, 0, None
        if first > expected:
            gaps.append(Gap(own, expected, first - 1, after, low))
        if last >= expected:
            expected, after = last + 1, high
    return gaps


def _order(held: Held) -> tuple[int, str, str, int]:
    """Plain tuples compare the fastest."""
    session = held.commits.session
    return session.start, session.writer, session.token, held.commits.first
