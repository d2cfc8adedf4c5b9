"""The health of a recorder's training: what it is told before each update, and what was found."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from vizframe.history import Finding
from vizframe.network.adapter import Batch
from vizframe.network.guard import Guard
from vizframe.recording.health import Health


class WatchesHealth:
    """What a recorder has of it; before its run is open, and without vitals, nothing."""

    guard: Guard
    _health: Health | None

    def before_update(self, batch: Callable[[], Batch]) -> None:
        """Tell, where it is known, what the coming update learns from: labels and outputs."""
        with self.guard("the training's vitals"):
            if self._health is not None:
                self._health.before_update(batch)

    @property
    def wants_batch(self) -> bool:
        """Whether `before_update` will look at what the coming update learns from."""
        return self._health is not None and self._health.vitals.wants_batch

    def trains_beside_others(self) -> None:
        """Tell that the script trains other networks in turn: of rivals no loss need fall."""
        if self._health is not None:
            self._health.vitals.course.several_nets = True

    @property
    def findings(self) -> Sequence[Finding]:
        """What rules have found wrong with the training so far."""
        return [] if self._health is None else self._health.findings
