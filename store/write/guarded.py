"""A file for HDF5 to write to, which never tells it of a failure.

With data still to flush, HDF5 segfaults in the closing of a file on a full disk. So this one
swallows the first error, lets HDF5 close in peace, and raises it afterwards.
"""

from __future__ import annotations

import os

from vizframe.store.write.disk import Disk

MOST_WAITING = 1 << 20
"""Bytes of neighbouring writes that are kept to be written at once: HDF5 writes chunk by chunk, and
a small one costs less to compress than a system call does."""


class GuardedFile:
    """A file object over a descriptor, for h5py's file-object driver."""

    def __init__(self, disk: Disk, fd: int) -> None:
        self._disk = disk
        self._fd = fd
        self._place = 0
        self._error: OSError | None = None
        self._waiting = bytearray()
        self._begin = 0

    def raise_error(self) -> None:
        """Raise what the disk refused first, if it did."""
        self.flush()
        if self._error is not None:
            raise self._error

    def seek(self, offset: int, whence: int = 0) -> int:
        self._place = offset + (0 if not whence else self._place if whence == 1 else self._end())
        return self._place

    def _end(self) -> int:
        self.flush()
        return os.fstat(self._fd).st_size

    def tell(self) -> int:
        return self._place

    def write(self, data: memoryview) -> int:
        size = len(data)
        is_next = self._place == self._begin + len(self._waiting)
        if not is_next or len(self._waiting) + size > MOST_WAITING:
            self.flush()
            self._begin = self._place
        self._waiting += data
        self._place += size
        return size

    def flush(self) -> None:
        """Write what waits; it is gone where the disk refuses it, as all is that comes after."""
        waiting, self._waiting = self._waiting, bytearray()
        try:
            if self._error is None and waiting:
                self._disk.write(self._fd, [waiting], self._begin)
        except OSError as refused:
            self._error = refused

    def readinto(self, buffer: memoryview) -> int:
        """What lies there; zeros beyond the end, where a write was refused."""
        self.flush()
        done = os.preadv(self._fd, [buffer], self._place)
        buffer[done:] = bytes(len(buffer) - done)
        self._place += len(buffer)
        return len(buffer)

    read = readinto  # h5py asks whether there is one

    def truncate(self, size: int) -> int:
        self.flush()
        try:
            if self._error is None:
                self._disk.resize(self._fd, size)
        except OSError as refused:
            self._error = refused
        return size
