"""Which steps of a run are hidden: where a writer of the same name was started again, from an older
checkpoint say, it hides what older sessions of that name had recorded behind its first step. That
training never led to these weights. What they record after it was started, it does not hide.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from vizframe.store.format.names import LARGEST_STEP, Session
from vizframe.store.read.segment import Segment

Hides = tuple[tuple[Session, int], ...]
Span = tuple[int, int]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Visibility:
    """Of the sessions of some segments, which steps of each the others hide."""

    _resumed: Mapping[Session, int] = field(default_factory=dict)
    _hides: Mapping[Session, Hides] = field(default_factory=dict)
    _hidden: Mapping[Session, Sequence[Span]] = field(default_factory=dict)

    def of(self, segments: Sequence[Segment]) -> Visibility:
        """That of these segments; this one, if their sessions say the same."""
        resumed: dict[Session, int] = {}
        hides: dict[Session, Hides] = {}
        for index in {id(segment.index): segment.index for segment in segments}.values():
            resumed.update(index.sessions)
            hides.update(index.hides)
        if (resumed, hides) == (self._resumed, self._hides):
            return self
        return Visibility(resumed, hides, find_hidden(resumed, hides))

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


def find_hidden(
    resumed: Mapping[Session, int], hides: Mapping[Session, Hides]
) -> Mapping[Session, Sequence[Span]]:
    """For each session the spans of steps, both ends included, that later ones of its writer hide.

    Its first step a later session shares with the older ones: it has the weights that it goes on
    from. But at step 0 a training begins anew.
    """
    found: dict[Session, list[Span]] = {session: [] for session in resumed}
    lowest: dict[str, int] = {}
    for session in sorted(resumed, reverse=True):
        if session.writer in lowest:
            found[session].append((lowest[session.writer], LARGEST_STEP))
        begin = resumed[session] + 1 if resumed[session] else 0
        if session in hides:
            for older, last in hides[session]:
                if older in found and older.writer == session.writer and older < session:
                    found[older].append((begin, last))
        else:  # written before sessions said what they hide: all that is older
            lowest[session.writer] = min(begin, lowest.get(session.writer, begin))
    return found
