"""Which steps of a net's optimisers are one update of it.

    loss.backward(); a.step(); b.step()                   one: a's and b's steps follow one pass
    each parameter's own optimiser steps in a hook        one, of as many steps as parameters
    loss.backward(); a.step(); other.backward(); b.step() two

An update is told as it begins, before the first of its steps, and as it is over: which step is the
last is known from the update before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True, eq=False)
class UpdateRounds:
    """The steps of one net's optimisers, in the order in which they come.

    Attributes:
        pending: tells of the update that is not over, as far as its steps have come.
    """

    pending: Callable[[], None] | None = None
    _now: list[int] = field(default_factory=list)
    _before: list[int] = field(default_factory=list)
    _passes: int = -1
    _is_told: bool = True

    def begin(self, optimizer: int, passes: int) -> bool:
        """Before a step: whether it is the first of an update.

        Args:
            optimizer: its identity.
            passes: backward passes that have begun by now.
        """
        if self._now and passes == self._passes and optimizer not in self._now:
            return False
        if self.pending is not None:  # an update whose last step has not come this time
            self._tell()
        self._before, self._now = self._now, []
        self._passes, self._is_told = passes, False
        return True

    def end(self, optimizer: int, tell: Callable[[], None]) -> None:
        """After a step: with the last of an update that is told."""
        self._now.append(optimizer)
        if self._is_told:
            return
        self.pending = tell
        if optimizer not in self._before or optimizer == self._before[-1]:
            self._tell()

    def _tell(self) -> None:
        tell, self.pending = self.pending, None
        if tell is not None:
            self._is_told = True
            tell()
