"""A place: where a recorder writes, and what is there already.

a run's folder      new, or one that exists and goes on after its last step
a function          that opens a writer, such as that of a history in memory
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from vizframe.errors import NetworkError, UsageError
from vizframe.history import HistoryWriter, RunInfo
from vizframe.network import Network
from vizframe.network.probe import Probe
from vizframe.recording.past import Past, new_run, past_of

OpenWriter = Callable[[RunInfo, Probe], HistoryWriter]


class Destination:
    """Opens the writer of a run, once it is known that the run can go on with this network.

    Args:
        run: the folder, or a function.
        keep, max_size, durable: see `vizframe.Recorder`.

    Raises:
        UsageError: the folder holds other things, or an argument is not what it can be.
        HistoryError: it is a run that cannot be read.
    """

    def __init__(
        self,
        run: str | Path | OpenWriter,
        *,
        keep: int | str = "all",
        max_size: int | None = None,
        durable: bool = False,
    ) -> None:
        from vizframe.store import Retention

        self._run = run
        self._retention = Retention.of(keep, max_size)
        self._durable = durable
        self.past = Past() if callable(run) else past_of(Path(run))

    @property
    def name(self) -> str:
        return "memory" if callable(self._run) else Path(self._run).name

    def check(self, network: Callable[[], Network], probe: Probe) -> Network:
        """The network, if it and the probe are those that the run was recorded with.

        Raises:
            UsageError: they are others.
            NetworkError: it cannot be traced, and there is no run yet.
        """
        self.past.check_probe(probe, self.name)
        try:
            found = network()
        except NetworkError as error:
            if self.past.probe is None:
                raise
            raise UsageError(
                f"run {self.name!r} was recorded with another network ({error}); record to "
                "another run"
            ) from error
        self.past.check_network(found, self.name)
        return found

    def writer(self, network: Network, probe: Probe) -> HistoryWriter:
        """The open run."""
        info = new_run(self.name, network)
        if callable(self._run):
            return self._run(info, probe)
        from vizframe.store import create

        return create(
            Path(self._run), info, probe, durable=self._durable, retention=self._retention
        )
