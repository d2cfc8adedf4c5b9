"""Steps as a training tells them: how many updates were done, in whatever type it counts them."""

from __future__ import annotations

import math
from collections.abc import Callable

from vizframe.errors import UsageError
from vizframe.network.guard import Guard
from vizframe.network.quiet import without_warnings
from vizframe.wording import short

LARGEST = 10**15 - 1
"""No training makes more updates; a step beyond it is a mistake, such as a time in nanoseconds."""

ToNumber = Callable[[object], float]


def step_of(value: object, number: ToNumber) -> int:
    """The step that a number means: 4096, 4096.0, or an array that holds it.

    Args:
        number: reads an array of a framework, or of NumPy.

    Raises:
        UsageError: it means none.
    """
    try:
        if isinstance(value, (bool, str, bytes)) or value is None:
            raise ValueError
        with without_warnings():
            found = float(value) if isinstance(value, (int, float)) else number(value)
        if not (found == math.floor(found) and 0 <= found <= LARGEST):
            raise ValueError
    except Exception:  # a framework's array may refuse to be read in a way of its own
        raise UsageError(
            f"step is {short(value)}; it can be a whole number of updates, such as 4096"
        ) from None
    return value if isinstance(value, int) else int(found)


def epoch_of(value: object, number: ToNumber) -> float | None:
    """The epoch that a number means, possibly fractional; None for None.

    Raises:
        UsageError: it means none.
    """
    if value is None:
        return None
    try:
        if isinstance(value, (str, bytes)):
            raise ValueError
        found = float(value) if isinstance(value, (int, float)) else number(value)
        if not math.isfinite(found):
            raise ValueError
    except Exception:  # likewise
        raise UsageError(
            f"epoch is {short(value)}; it can be how many epochs are complete, such as 1.5"
        ) from None
    return found


class StepCount:
    """Counts the updates of one recording. What is told wrongly is said once and counted as the
    next update, so that the recording goes on.

    Attributes:
        last: updates done so far.
        epoch: epochs complete so far, where that was told.
    """

    def __init__(self, last: int, epoch: float | None, number: ToNumber, guard: Guard) -> None:
        self.last, self.epoch = last, epoch
        self._number = number
        self._guard = guard

    def advance(self, step: object = None, epoch: object = None) -> None:
        """Count one update, or up to the step that is given.

        Raises:
            UsageError: step or epoch is not what it can be, and the guard is strict.
        """
        self.last, self.epoch = self._next(step), self._epoch(epoch)

    def _next(self, step: object) -> int:
        following = self.last + 1
        if step is None:
            return following
        try:
            told = step_of(step, self._number)
            if told < self.last:
                raise UsageError(
                    f"step is {told} after step {self.last}; it can be {self.last} or more, "
                    "counted over all epochs, or be left out"
                )
        except UsageError as error:
            if self._guard.strict:
                raise
            self._guard.say("step", f"{error}; it is counted as step {following}")
            return following
        return told

    def _epoch(self, epoch: object) -> float | None:
        with self._guard("the epoch"):
            return epoch_of(epoch, self._number)
        return None
