"""Which unit of one run is which of another, answered in JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager

from vizframe.history import History
from vizframe.history.matching import THRESHOLD, Side, match_sides
from vizframe.webapp.numbers import plain
from vizframe.webapp.open_runs import OpenRuns
from vizframe.webapp.request import number, text


def matched(open_runs: OpenRuns, arguments: Mapping[str, str]) -> Mapping[str, object]:
    """The pairs that an address asks for: ``run layer step`` with ``with withstep``, by ``by``.

    Raises:
        UsageError, UnknownName: there is no such run or layer, or they cannot be matched.
    """
    names = text(arguments, "run"), text(arguments, "with")
    with _both(open_runs, *names) as histories:
        a, b = (
            Side(history, text(arguments, "layer"), number(arguments, step))
            for history, step in zip(histories, ("step", "withstep"), strict=True)
        )
        found = match_sides(a, b, arguments.get("by", "activation"))
    return {
        "partner": [None if each < 0 else each for each in found.partner.tolist()],
        "correlation": plain(found.correlation),
        "unmatched": found.unmatched.tolist(),
        "threshold": THRESHOLD,
    }


@contextmanager
def _both(open_runs: OpenRuns, one: str, other: str) -> Iterator[tuple[History, History]]:
    """Two runs at once, always taken in the same order, so that no two requests wait for each
    other."""
    with ExitStack() as stack:
        found = {name: stack.enter_context(open_runs.run(name)) for name in sorted({one, other})}
        yield found[one].history, found[other].history
