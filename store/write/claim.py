"""A claim: that one recorder, and no other at once, writes into a run under a writer's name.

    .claim-main   {"token":…,"host":…,"place":…,"pid":…,"started":…,"since":…,"beat":12}

It is made by a link, which fails where there is one, and needs no lock of the file system: it holds
on network folders too. Its holder rewrites it every few seconds. Who finds one asks whether the
holder lives: on the same machine its process tells; of another one the claim must change while it
is watched, so that no two clocks are compared. What a dead holder left is taken over, by one
challenger alone: who may replace a claim is settled by a claim on that.
"""

from __future__ import annotations

import itertools
import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from vizframe.background import Background
from vizframe.errors import RunTaken
from vizframe.store.format.names import claim_file, temporary_name
from vizframe.store.write.disk import Disk
from vizframe.store.write.holder import LARGEST, Holder
from vizframe.store.write.publish import discard

log = logging.getLogger("vizframe")

BEAT = 5.0
"""Seconds between two signs of life."""

PATIENCE = 20.0
"""Seconds for which the claim of another machine is watched for a sign of life."""

LONG_DEAD = 600.0
"""Seconds without a sign of life, by the file system's clock, that need no watching."""

_numbers = itertools.count()


@dataclass(eq=False)
class Claim:
    """One that is held; see `take`."""

    path: Path
    holder: Holder
    disk: Disk
    was_taken: bool = False
    """Whether it could be; where the disk refused, the first commit tries again."""
    _beats: int = 0
    _ended: threading.Event = field(default_factory=threading.Event)
    _thread: Background | None = None

    def start_beating(self) -> None:
        """Give signs of life from now on, in a thread of its own."""
        self._thread = Background(self._beat)
        self._thread.start()

    @property
    def current_holder(self) -> Holder | None:
        """Who has the claim now; None where there is none any more. Raises OSError."""
        data = _read(self.path)
        return None if data is None else Holder.parse(data)

    def take(self) -> None:
        """Make the claim, or make it again in a folder that was emptied.

        Raises:
            RunTaken: somebody else was faster.
            OSError: the disk refused.
        """
        _take(self.disk, self.path, self.holder)
        self.was_taken = True

    def release(self) -> None:
        """Give it up. Idempotent; a fork of the holder gives up nothing."""
        if self._ended.is_set() or os.getpid() != self.holder.pid:
            return
        self._ended.set()
        if self._thread is not None:
            self._thread.join(timeout=1.0)
        try:
            held = self.current_holder == self.holder
        except OSError:  # it cannot be read, and is stale as soon as this process has ended
            return
        if held:
            discard(self.disk, self.path)

    def _beat(self) -> None:
        while not self._ended.wait(BEAT):
            try:
                self._sign()
            except OSError:  # a share that is away for a moment; the next beat tries again
                continue

    def _sign(self) -> None:
        """Write to the very file that says who holds it: one that was put in its place stays."""
        fd = os.open(self.path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            if Holder.parse(os.pread(fd, LARGEST, 0)) == self.holder:
                self._beats += 1
                self.disk.write(fd, [self.holder.pack(self._beats)], 0)
        finally:
            os.close(fd)


def take(disk: Disk, run: Path, writer: str) -> Claim:
    """Claim a writer's name in a run, whose folder is there; later, where the disk refuses now.

    Raises:
        RunTaken: another recorder has it and lives.
    """
    claim = Claim(run / claim_file(writer), Holder.new(run), disk)
    with suppress(OSError):  # full, say: training goes on, and recording when there is room
        claim.take()
    claim.start_beating()
    return claim


def living_holder(run: Path, writer: str) -> Holder | None:
    """Who records into a run under this name, as far as that can be told without waiting."""
    try:
        data = _read(run / claim_file(writer))
    except OSError:
        return None
    found = None if data is None else Holder.parse(data)
    return found if found is not None and found.lives(run) is not False else None


def sweep_claim(disk: Disk, path: Path) -> None:
    """Remove the claim of a process of this machine that is dead."""
    try:
        data = _read(path)
        found = None if data is None else Holder.parse(data)
        if found is not None and found.lives(path.parent) is False:
            with _right_to_replace(disk, path, found, Holder.new(path.parent)) as allowed:
                if allowed:
                    discard(disk, path)
    except OSError:  # what cannot be swept now is swept by the next writer
        return


def taken_error(path: Path, holder: Holder | None) -> RunTaken:
    """The sentence of a run that somebody else records into."""
    by = "another recorder" if holder is None else holder.description
    return RunTaken(
        f"run {str(path.parent)!r} is being recorded by {by}; record to another run, or end that "
        "recording first"
    )


def _take(disk: Disk, path: Path, holder: Holder) -> None:
    """Make a claim, or take over that of a dead holder.

    Raises:
        RunTaken: the holder lives.
        OSError: the disk refused.
    """
    draft = temporary_name(path.parent, "claim", next(_numbers))
    end = time.monotonic() + 2 * PATIENCE
    try:
        _write(disk, draft, holder)
        while not _put(disk, draft, path, holder):
            data = _read(path)
            if data is not None and _replace_stale(disk, draft, path, holder, data):
                return
            if time.monotonic() > end:  # a challenger stands still in the midst of it
                raise taken_error(path, None)
    finally:
        discard(disk, draft)


def _replace_stale(disk: Disk, draft: Path, path: Path, holder: Holder, data: bytes) -> bool:
    """Put the draft in the place of a claim whose holder is dead; whether that was done.

    Raises:
        RunTaken: its holder lives.
    """
    found = Holder.parse(data)
    if not _is_stale(path, found, data):
        raise taken_error(path, found)
    with _right_to_replace(disk, path, found, holder) as allowed:
        if allowed:
            disk.rename(draft, path)
    return allowed


@contextmanager
def _right_to_replace(
    disk: Disk, path: Path, found: Holder | None, holder: Holder
) -> Iterator[bool]:
    """Whether this process alone may replace a stale claim, while inside.

    Where somebody else may, that is over in a moment: the caller looks again.
    """
    right = path.with_name(f"{path.name}.after-{found.token if found else 'nobody'}")
    try:
        _take(disk, right, holder)
    except RunTaken:
        time.sleep(0.01)
        yield False
        return
    try:
        now = _read(path)
        yield now is not None and Holder.parse(now) == found
    finally:
        discard(disk, right)


def _put(disk: Disk, draft: Path, path: Path, holder: Holder) -> bool:
    """Make the claim if there is none; whether it was made. Raises OSError."""
    try:
        disk.link(draft, path)
    except FileExistsError:
        return False
    except OSError:  # a share or FAT that has no links
        try:
            _write(disk, path, holder)
        except FileExistsError:
            return False
    return True


def _write(disk: Disk, path: Path, holder: Holder) -> None:
    fd = disk.create(path)
    try:
        disk.write(fd, [holder.pack(0)], 0)
    finally:
        disk.close(fd)


def _read(path: Path) -> bytes | None:
    """The bytes of a claim; None where there is none. Raises OSError."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    try:
        return os.pread(fd, LARGEST, 0)
    finally:
        os.close(fd)


def _is_stale(path: Path, found: Holder | None, data: bytes) -> bool:
    """Whether its holder is dead, watched for as long as it takes to tell."""
    lives = None if found is None else found.lives(path.parent)
    if lives is not None:
        return not lives
    if _silence(path) > LONG_DEAD:
        return True
    log.warning(
        "run %r was being recorded by %s; looking for %.0f s whether it still is",
        str(path.parent),
        found.description if found else "somebody",
        PATIENCE,
    )
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        time.sleep(min(0.5, PATIENCE / 10))
        if _read(path) != data:
            return False
    return True


def _silence(path: Path) -> float:
    """Seconds since the claim was written to, by the clock that stamps files there."""
    probe = temporary_name(path.parent, "now", next(_numbers))
    fd = os.open(probe, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(fd, b" ")
        return os.fstat(fd).st_mtime - os.stat(path).st_mtime
    except FileNotFoundError:
        return 0.0
    finally:
        os.close(fd)
        os.unlink(probe)
