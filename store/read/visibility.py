"""Which steps of a run are hidden: where a writer of the same name was started again, from an older
checkpoint say, it hides what older sessions of that name had recorded behind its first step. That
training never led to these weights. What they record after it was started, it does not hide. Nor
does it what went on apart, in a copy of the run: see `lineage`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from vizframe.store.format.names import LARGEST_STEP, Session
from vizframe.store.read.lineage import Hidden, Lineage, Span, first_hidden
from vizframe.store.read.segment import Segment

Hides = tuple[tuple[Session, int], ...]
After = tuple[Session, ...]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Visibility:
    """Of the sessions of some segments, which steps of each the others hide."""

    _resumed: Mapping[Session, int] = field(default_factory=dict)
    _hides: Mapping[Session, Hides] = field(default_factory=dict)
    _after: Mapping[Session, After] = field(default_factory=dict)
    _hidden: Hidden = field(default_factory=dict)
    apart: Sequence[str] = ()
    """A sentence for each group of sessions that went on apart."""

    def of(self, segments: Sequence[Segment]) -> Visibility:
        """That of these segments; this one, if their sessions say the same."""
        resumed: dict[Session, int] = {}
        hides: dict[Session, Hides] = {}
        after: dict[Session, After] = {}
        for index in {id(segment.index): segment.index for segment in segments}.values():
            resumed.update(index.sessions)
            hides.update(index.hides)
            after.update(index.after)
        if (resumed, hides, after) == (self._resumed, self._hides, self._after):
            return self
        hidden, apart = dict(find_hidden(resumed, hides)), []
        for lineage in lineages(resumed, hides, after):
            if not lineage.is_one:
                hidden.update(lineage.hidden)
                apart += [apart_sentence(each, resumed) for each in lineage.apart]
        return Visibility(resumed, hides, after, hidden, tuple(apart))

    def agrees_with(self, older: Visibility) -> bool:
        """Whether it hides the same steps of the sessions that both know."""
        return all(
            older._hidden.get(session, hidden) == hidden for session, hidden in self._hidden.items()
        )

    def mask(self, segment: Segment) -> Mask | None:
        """Which steps of a segment are visible; None for all, as nearly ever."""
        hidden = [self._hidden[session] for session, _ in segment.index.sessions]
        if not any(hidden):
            return None
        visible = np.ones(len(segment.steps), np.bool_)
        steps, numbers = segment.steps["step"], segment.steps["session"]
        for number, spans in enumerate(hidden):
            for first, last in spans:
                visible[(numbers == number) & (first <= steps) & (steps <= last)] = False
        return None if visible.all() else visible


def lineages(
    resumed: Mapping[Session, int],
    hides: Mapping[Session, Hides],
    after: Mapping[Session, After],
) -> Iterator[Lineage]:
    """The sessions of each writer."""
    by_writer: dict[str, list[Session]] = {}
    for session in sorted(resumed):
        by_writer.setdefault(session.writer, []).append(session)
    for sessions in by_writer.values():
        yield Lineage(sessions, resumed, hides, after)


def apart_sentence(sessions: Sequence[Session], resumed: Mapping[Session, int]) -> str:
    """What is said of sessions that went on apart, for a person."""
    each = [f"{session} (from step {resumed[session]} on)" for session in sessions]
    return (
        f"{' and '.join(each)} went on apart, each in a copy of this run: all that they recorded "
        "is shown, of a step that several have what was recorded last; to see each alone, keep the "
        "copies in folders of their own"
    )


def find_hidden(resumed: Mapping[Session, int], hides: Mapping[Session, Hides]) -> Hidden:
    """For each session the spans of steps that later ones of its writer hide, which all know it."""
    found: dict[Session, list[Span]] = {session: [] for session in resumed}
    lowest: dict[str, int] = {}
    for session in sorted(resumed, reverse=True):
        if session.writer in lowest:
            found[session].append((lowest[session.writer], LARGEST_STEP))
        begin = first_hidden(resumed[session])
        if session in hides:
            for older, last in hides[session]:
                if older in found and older.writer == session.writer and older < session:
                    found[older].append((begin, last))
        else:  # written before sessions said what they hide: all that is older
            lowest[session.writer] = min(begin, lowest.get(session.writer, begin))
    return found
