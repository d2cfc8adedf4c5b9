"""What happened when, to be marked on the slider.

epoch      a pass over the training data was complete
spike      the loss was far above what surrounds it
finding    a rule found that something is wrong from then on
change     the layer that is shown changed much more than between other steps
damaged    steps whose file is damaged, or gone: they are missing
torn       steps with damaged pictures of the layer that is shown, as far as they were looked at
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from vizframe.errors import HistoryError
from vizframe.history import History
from vizframe.history.ranks import all_findings
from vizframe.webapp.change import moves_of
from vizframe.webapp.request import RequestedSeries
from vizframe.wording import count_noun

MOST_EPOCHS = 40
MOST_SPIKES = 10
MOST_CHANGES = 3
WINDOW = 20
"""Reports of the loss before one that it is held against."""
SPIKE = 6.0
"""A spike is so many median deviations above the median of its window."""
LARGE = 2.5
"""A large change is so many times the median change for its number of steps."""

_STEPS_OF_FILE = re.compile(r"\.t(\d+)-(\d+)\.")
_STEPS_IN_NO_FILE = re.compile(r": (\d+|a) recorded steps? between step (\d+) and step (\d+) ")

Event = Mapping[str, object]


def events(
    asked: RequestedSeries, torn: Mapping[int, int] = MappingProxyType({})
) -> Sequence[Event]:
    """All that happened, in the order of the steps: ``step``, ``kind`` and ``words`` each, and
    ``last`` of what lasts.

    Args:
        torn: how many pictures of a step are damaged.
    """
    history = asked.history
    found = [*_epochs(history), *_spikes(history), *_findings(history), *damaged(history)]
    found += [
        _event(step, "torn", f"{count_noun(count, 'picture')} damaged on disk")
        for step, count in torn.items()
    ]
    return sorted([*found, *_changes(asked)], key=lambda each: int(str(each["step"])))


def _event(step: int, kind: str, words: str, last: int | None = None) -> Event:
    return {"step": int(step), "last": int(step if last is None else last), "kind": kind} | {
        "words": words
    }


def _epochs(history: History) -> Iterator[Event]:
    scalars = history.scalars()
    whole = np.floor(np.nan_to_num(scalars.epoch, nan=0.0))
    begun = np.flatnonzero(np.diff(whole) >= 1) + 1
    stride = max(1, -(-len(begun) // MOST_EPOCHS))
    for row in begun[stride - 1 :: stride]:
        yield _event(scalars.steps[row], "epoch", f"epoch {int(whole[row])} was complete")


def _spikes(history: History) -> Iterator[Event]:
    scalars = history.scalars()
    name = next((each for each in scalars.values if "loss" in each.lower()), None)
    if name is None:
        return
    known = np.isfinite(scalars.values[name])
    steps, values = scalars.steps[known], scalars.values[name][known]
    height = _heights(values)
    highest = sorted(np.argsort(-height, kind="stable")[:MOST_SPIKES])
    for row in highest:
        if height[row] > 0:
            yield _event(steps[row], "spike", f"{name} jumped to {values[row]:.3g}")


def _heights(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """How far each value is above what is usual before it; 0 where it is no spike."""
    height = np.zeros(len(values))
    for row in range(4, len(values)):
        before = values[max(0, row - WINDOW) : row]
        middle = np.median(before)
        spread = np.median(np.abs(before - middle)) + 0.02 * abs(middle)
        above = values[row] - max(middle, values[row - 1])
        if above > SPIKE * spread:
            height[row] = above / spread if spread else np.inf
    return height


def _findings(history: History) -> Iterator[Event]:
    for each in all_findings(history):
        yield _event(each.since, "finding", each.sentence)


def damaged(history: History) -> Iterator[Event]:
    """The names of a run's files say which steps they hold."""
    for sentence in history.faults():
        named = _STEPS_OF_FILE.search(sentence)
        if named:
            first, last = int(named[1]), int(named[2])
            which = f"step {first} is" if first == last else f"steps {first} to {last} are"
            yield _event(first, "damaged", f"{which} missing: the file is damaged", last)
        gone = _STEPS_IN_NO_FILE.search(sentence)
        if gone:
            first, last = int(gone[2]) + 1, int(gone[3]) - 1
            which = "a recorded step is" if gone[1] == "a" else f"{gone[1]} recorded steps are"
            yield _event(first, "damaged", f"{which} missing here: the file is gone", last)


def _changes(asked: RequestedSeries) -> Iterator[Event]:
    try:
        steps, moves = moves_of(asked)
    except HistoryError:  # a step that cannot be read is an event of its own, and told where it is
        return
    if len(moves) < 4:
        return
    speed = moves.mean(axis=1) / np.diff(steps)
    usual = np.median(speed)
    layer = asked.declaration.key.layer
    for row in sorted(np.argsort(-speed, kind="stable")[:MOST_CHANGES]):
        if usual > 0 and speed[row] > LARGE * usual:
            times = f"{speed[row] / usual:.2g} times as fast as usual"
            yield _event(steps[row + 1], "change", f"{layer} changed {times} up to here")
