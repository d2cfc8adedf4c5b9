"""A destination: where a recorder writes, and what is there already.

a run's folder      new, or one that exists and goes on after its last step
a function          that opens a writer, such as that of a history in memory
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Self

from vizframe.errors import NetworkError, UsageError
from vizframe.history import HistoryWriter, RunInfo
from vizframe.history.ranks import RankWriter
from vizframe.network import Network
from vizframe.network.probe import Probe
from vizframe.recording.config import Config
from vizframe.recording.past import Past, check_is_run, new_run, past_of

if TYPE_CHECKING:
    from vizframe.store import Claim, Retention

OpenWriter = Callable[[RunInfo, Probe], HistoryWriter]


class Destination:
    """Opens the writer of a run, once it is known that this network can go on with the run.

    A folder is claimed from the start, so that no other recorder writes into it meanwhile. Its path
    is absolute, since a script may change its working directory.

    Args:
        run: the folder, or a function.
        retention: how much of the run is kept.
        writer: the name under which the recorder writes.
        durable: whether a recorded step survives a power cut.
        rank, job: see `vizframe.Recorder`.

    Raises:
        RunTaken: another recorder is at it.
        UsageError: the folder holds other things.
        HistoryError: it is a run that cannot be read.
    """

    def __init__(
        self,
        run: str | Path | OpenWriter,
        retention: Retention,
        *,
        writer: str = "main",
        durable: bool = False,
        rank: int | None = None,
        job: str = "",
    ) -> None:
        self._run = run if callable(run) else Path(run).absolute()
        self._writer = writer if rank is None else f"rank{rank}"
        self._rank, self._job = rank, job
        self._retention = retention
        self._durable = durable
        self._claim: Claim | None = None
        self._made = not callable(self._run) and not self._run.exists()
        self.past = Past() if callable(self._run) else self._claim_folder(self._run)

    @property
    def folder(self) -> Path | None:
        """The run's folder; None where a function opens the writer."""
        return self._run if isinstance(self._run, Path) else None

    @property
    def rank(self) -> int:
        """The rank of the worker that writes there; 0 in a training of one process."""
        return self._rank or 0

    def _claim_folder(self, folder: Path) -> Past:
        from vizframe.store import claim

        check_is_run(folder)

        self._claim = claim(folder, self._writer)
        try:
            return past_of(folder, self._rank)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let others record there. A folder that was made, and stayed empty, is removed."""
        if self._claim is not None:
            self._claim.release()
        if self._made and isinstance(self._run, Path):
            with suppress(OSError):  # it is not empty, as is usual
                self._run.rmdir()

    @classmethod
    def of(
        cls,
        run: str | Path | OpenWriter,
        chosen: Config,
        *,
        rank: int | None = None,
        job: str = "",
    ) -> Self:
        """The destination that the options describe. Raises UsageError where they cannot be."""
        from vizframe.store import Retention

        retention = Retention.of(chosen.keep, chosen.max_size)
        return cls(run, retention, writer=chosen.writer, durable=chosen.durable, rank=rank, job=job)

    @property
    def name(self) -> str:
        return "memory" if callable(self._run) else self._run.name

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

    def writer(
        self,
        network: Network,
        probe: Probe,
        hyper_parameters: Mapping[str, object] | None = None,
        group: str = "",
    ) -> HistoryWriter:
        """The open run.

        Args:
            hyper_parameters: what the run was trained with.
            group: the name that runs of one script share.
        """
        info = new_run(self.name, network, hyper_parameters or {}, group=group, job=self._job)
        writer = self._open(info, probe)
        return RankWriter(writer, self._rank) if self._rank else writer

    def findings_writer(self, network: Network) -> Callable[[], HistoryWriter] | None:
        """A function that opens the writer of findings: it is another one than that of frames,
        since findings come at any step. None where a function opens the run."""
        if callable(self._run):
            return None
        from vizframe.store import create

        info = new_run(self.name, network, {}, job=self._job)
        name = f"{self._writer[:30]}-findings"
        opened = partial(create, self._run, info, writer=name, durable=self._durable)
        rank = self._rank
        return (lambda: RankWriter(opened(), rank)) if rank else opened

    def _open(self, info: RunInfo, probe: Probe) -> HistoryWriter:
        if callable(self._run):
            return self._run(info, probe)
        from vizframe.store import create

        return create(
            self._run,
            info,
            probe,
            writer=self._writer,
            claimed=self._claim,
            durable=self._durable,
            retention=self._retention,
        )
