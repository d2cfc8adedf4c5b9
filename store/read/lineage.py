"""Which sessions of a writer know of which, and what is hidden where some do not.

    first ──► second ──► third           each knows those before it: a training, resumed twice
          └─► fourth                     knows the first alone: recorded in a copy of the run

What the second hides of the first, the fourth had gone on from: it is hidden on the way to the
third, not on that to the fourth. So it is shown: hidden is what no way shows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property

from vizframe.store.format.names import LARGEST_STEP, Session

Span = tuple[int, int]
"""Steps, both ends included."""

Hidden = Mapping[Session, Sequence[Span]]


@dataclass(frozen=True)
class Lineage:
    """The sessions of one writer that a run has, in their order.

    Attributes:
        resumed: the first step of each.
        hides: of each, the older sessions of which it hides steps, each with its last one then.
        after: what each goes on from. Of one that does not say (an older file) all that is older.
    """

    sessions: Sequence[Session]
    resumed: Mapping[Session, int]
    hides: Mapping[Session, Sequence[tuple[Session, int]]]
    after: Mapping[Session, Sequence[Session]]

    @property
    def is_one(self) -> bool:
        """Whether each knows the one before it, as nearly ever."""
        pairs = zip(self.sessions, self.sessions[1:], strict=False)
        return all(
            later not in self.after or any(each >= older for each in self.after[later])
            for older, later in pairs
        )

    @property
    def apart(self) -> Sequence[Sequence[Session]]:
        """Groups of sessions that do not know of one another."""
        groups = [self._ends, *(self._parents(each) for each in self.sessions)]
        return [group for group in groups if len(group) > 1]

    @property
    def hidden(self) -> Hidden:
        """Of each session the steps that no way shows."""
        ways = [self._ways[end] for end in self._ends]
        return _in_all(ways)

    @cached_property
    def _known(self) -> Mapping[Session, Set[Session]]:
        """For each session all those that were there when it began."""
        found: dict[Session, Set[Session]] = {}
        for place, session in enumerate(self.sessions):
            older = self.sessions[:place]
            if session not in self.after:
                found[session] = set(older)
                continue
            known: set[Session] = set()
            for each in (*self.after[session], *(one for one, _ in self.hides.get(session, ()))):
                if each in found:
                    known |= {each} | found[each]
                else:  # its files are gone: what it knew, nobody can say
                    known |= {one for one in older if one < each}
            found[session] = known
        return found

    @property
    def _ends(self) -> Sequence[Session]:
        """Those that no other knows."""
        return self._newest(self.sessions)

    def _parents(self, session: Session) -> Sequence[Session]:
        """Those that a session knows, and does not know through another one."""
        return self._newest(self._known[session])

    def _newest(self, sessions: Iterable[Session]) -> Sequence[Session]:
        some = sorted(sessions)
        known = set().union(*(self._known[each] for each in some))
        return [each for each in some if each not in known]

    @cached_property
    def _ways(self) -> Mapping[Session, Hidden]:
        """For each session, what is hidden of those that it knows, and of itself."""
        found: dict[Session, Hidden] = {}
        for session in self.sessions:
            hidden = dict(_in_all([found[each] for each in self._parents(session)]))
            for older, span in self._hidden_by(session):
                if older in hidden:
                    hidden[older] = _united([*hidden[older], span])
            found[session] = {**hidden, session: []}
        return found

    def _hidden_by(self, session: Session) -> Iterable[tuple[Session, Span]]:
        begin = first_hidden(self.resumed[session])
        if session in self.hides:
            return [(older, (begin, last)) for older, last in self.hides[session]]
        return [(older, (begin, LARGEST_STEP)) for older in self._known[session]]


def first_hidden(resumed_at: int) -> int:
    """From which step on a session hides those of older ones. Its first one it shares with them: it
    has the weights that it goes on from. But at step 0 a training begins anew."""
    return resumed_at + 1 if resumed_at else 0


def _in_all(ways: Sequence[Hidden]) -> Hidden:
    """What is hidden on each way that a session is on."""
    found: dict[Session, Sequence[Span]] = {}
    for way in ways:
        for session, spans in way.items():
            found[session] = _common(found[session], spans) if session in found else spans
    return found


def _united(spans: Iterable[Span]) -> Sequence[Span]:
    """The same steps, in order, in spans that do not meet."""
    found: list[Span] = []
    for first, last in sorted(span for span in spans if span[0] <= span[1]):
        if found and first <= found[-1][1] + 1:
            found[-1] = found[-1][0], max(last, found[-1][1])
        else:
            found.append((first, last))
    return found


def _common(some: Iterable[Span], others: Sequence[Span]) -> Sequence[Span]:
    """The steps that are in both."""
    both = ((max(one[0], other[0]), min(one[1], other[1])) for one in some for other in others)
    return _united(both)
