"""Who holds a claim: a process of a machine, told apart from all others, and whether it lives."""

from __future__ import annotations

import json
import os
import secrets
import socket
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from vizframe.store.format.layout import NONSENSE
from vizframe.store.format.names import this_place

LARGEST = 512
"""Bytes of a claim."""


@dataclass(frozen=True, slots=True)
class Holder:
    """A process that records.

    Attributes:
        token: random, so that two claims of one process differ.
        host: the machine's name, for people.
        place: where its process id means something; see `this_place`.
        pid: its process id.
        started: when the process was started, in the machine's own ticks, since ids come again;
            0 where that is not known.
        since: seconds since 1970-01-01 UTC, for people.
        folder: the inode of the run's folder, since a claim is copied with a run; 0 where that is
            not known.
    """

    token: str
    host: str
    place: str
    pid: int
    started: int
    since: float
    folder: int = 0

    @classmethod
    def new(cls, run: Path | None = None) -> Self:
        """This process, which records into a folder."""
        pid = os.getpid()
        return cls(
            secrets.token_hex(8),
            socket.gethostname()[:64],
            this_place(),
            pid,
            start_ticks(pid) or 0,
            round(time.time(), 1),
            0 if run is None else inode_of(run),
        )

    @classmethod
    def parse(cls, data: bytes) -> Self | None:
        """Whom a claim names; None where it is empty or damaged."""
        try:
            said = json.loads(data)
            token, host, place = (str(said[name]) for name in ("token", "host", "place"))
            pid, ticks, since = int(said["pid"]), int(said["started"]), float(said["since"])
            folder = int(said.get("folder", 0))
            found = cls(token, host, place, pid, ticks, since, folder)
        except NONSENSE:
            return None
        return found if found.pid > 0 else None

    def pack(self, beat: int) -> bytes:
        """The claim's bytes, always as many."""
        return json.dumps({**asdict(self), "beat": beat}).encode().ljust(LARGEST)

    @property
    def description(self) -> str:
        if self.place == this_place() and self.pid == os.getpid():
            return "this process"
        begun = time.strftime("%Y-%m-%d %H:%M", time.localtime(self.since))
        return f"process {self.pid} on {self.host} since {begun}"

    def lives(self, run: Path) -> bool | None:
        """Whether its process runs, and records into this folder, of which the claim may be a copy;
        None where that cannot be told from here."""
        if self.place != this_place():
            return None
        if 0 not in (self.folder, here := inode_of(run)) and self.folder != here:
            return False
        if not self.started:
            return is_running(self.pid)
        return start_ticks(self.pid) == self.started


def inode_of(folder: Path) -> int:
    """0 where that cannot be told."""
    try:
        return os.stat(folder).st_ino
    except OSError:
        return 0


def is_running(pid: int) -> bool:
    """Whether a process of this machine runs."""
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:  # alive, and another user's
        return True
    return True


def start_ticks(pid: int) -> int | None:
    """When a process was started, in clock ticks since boot; None where it has ended.

    Not on Linux: 0 while it runs.
    """
    try:
        said = Path(f"/proc/{pid}/stat").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        if Path("/proc/self/stat").exists():
            return None
        return 0 if is_running(pid) else None
    except OSError:
        return 0 if is_running(pid) else None
    after = said.rpartition(b")")[2].split()  # the name in brackets may hold anything
    return None if after[0] in (b"Z", b"X") else int(after[19])
