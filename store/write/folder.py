"""The folder of a run that is being written: made, claimed, and described."""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from vizframe.errors import HistoryError, HistoryWriteError, RunTaken
from vizframe.history import RunInfo
from vizframe.network.probe import Probe
from vizframe.store.format.names import claim_file
from vizframe.store.read.about import read_info
from vizframe.store.write import claim as claims
from vizframe.store.write.about import write_info, write_probe
from vizframe.store.write.claim import Claim
from vizframe.store.write.disk import Disk
from vizframe.store.write.publish import refusal

log = logging.getLogger("vizframe")


@dataclass(eq=False)
class RunFolder:
    """What a writer needs to be there before it commits.

    Attributes:
        run: the folder, an absolute path: a script may change its working directory.
        claim: that of the writer; no commit is made without it.
        info: for ``run.json``; what that says, where another writer was first.
        probe: for ``probe.h5``.
    """

    run: Path
    claim: Claim
    info: RunInfo
    probe: Probe | None
    disk: Disk
    durable: bool
    _told: bool = field(default=False, init=False)

    def describe(self) -> None:
        """Write ``run.json`` and ``probe.h5`` unless they are there. Raises HistoryWriteError."""
        write_info(self.disk, self.run, self.info, durable=self.durable)
        with suppress(HistoryError):  # a damaged one is a fault that readers tell
            self.info = read_info(self.run)
        if self.probe is not None:
            write_probe(self.disk, self.run, self.probe, durable=self.durable)

    @property
    def run_id(self) -> str:
        """What each file of the run says that it belongs to."""
        return self.info.id

    def check(self) -> None:
        """See that the folder is still this writer's; one that was emptied is begun anew.

        A folder that is gone is not made again: its share may be unmounted, and come back.

        Raises:
            HistoryWriteError: another recorder has taken the run over, or the disk refused.
        """
        try:
            holder = self.claim.current_holder
        except OSError as refused:
            raise refusal(self.run, refused) from refused
        if holder is None:
            self._begin_anew()
        elif holder != self.claim.holder:
            raise HistoryWriteError(str(claims.taken_error(self.claim.path, holder)))

    def _begin_anew(self) -> None:
        emptied = self.claim.was_taken
        try:
            self.claim.take()
        except RunTaken as other:
            raise HistoryWriteError(str(other)) from other
        except OSError as refused:
            raise refusal(self.run, refused) from refused
        self.describe()
        if emptied and not self._told:
            self._told = True
            log.warning("%s was emptied while it was recorded; recording goes on into it", self.run)


def claim(path: str | os.PathLike[str], writer: str = "main", disk: Disk | None = None) -> Claim:
    """Make a run's folder where there is none, and claim a writer's name in it.

    Raises:
        RunTaken: another recorder has this name there, and lives.
        UsageError: the writer's name cannot be part of a file name.
        HistoryWriteError: the disk refused.
    """
    run, disk = Path(path).absolute(), disk or Disk()
    try:
        run.mkdir(parents=True, exist_ok=True)
    except OSError as refused:
        raise refusal(run, refused) from refused
    return claims.take(disk, run, writer)


def check_free(path: str | os.PathLike[str], writer: str = "main") -> None:
    """Raises RunTaken where it is known, without waiting, that somebody records there now."""
    run = Path(path).absolute()
    holder = claims.living_holder(run, writer)
    if holder is not None:
        raise claims.taken_error(run / claim_file(writer), holder)
