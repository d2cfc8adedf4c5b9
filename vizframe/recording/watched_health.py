"""The health of a recorder's training: what it is told before each update, and what was found."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from vizframe.errors import NetworkChanged
from vizframe.history import Finding
from vizframe.network import MayChange
from vizframe.network.adapter import Batch
from vizframe.network.guard import Guard
from vizframe.recording.health import Health
from vizframe.recording.session import Recording


class WatchesHealth:
    """What a recorder offers of its training's health; nothing before its run is open, and without
    vitals.

    Attributes:
        is_outgrown: whether the model has other modules than those that the run shows, which ended
            the recording.
    """

    guard: Guard
    is_outgrown = False
    _health: Health | None
    _recording: Recording | None

    def close(self) -> None:
        """End the recording."""
        raise NotImplementedError

    def before_update(self, batch: Callable[[], Batch]) -> None:
        """Tell, where it is known, what the coming update learns from: labels and outputs."""
        with self.guard("the training's vitals"), self.ended_by_change():
            if self._health is not None:
                self._health.before_update(batch)

    @contextmanager
    def ended_by_change(self) -> Iterator[None]:
        """Inside, a model whose modules have changed ends the recording: one run shows one
        network."""
        try:
            yield
        except Exception as error:  # whatever breaks when modules are not what they were
            if self.guard.strict or not (isinstance(error, NetworkChanged) or self._has_changed()):
                raise
            self.is_outgrown = True
            self.close()

    def _has_changed(self) -> bool:
        network: object = None if self._recording is None else self._recording.network
        try:
            if isinstance(network, MayChange):
                network.refuse_changed()
        except NetworkChanged:
            return True
        return False

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
