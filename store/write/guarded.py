"""A file for HDF5 to write to, which never tells it of a failure.

With data still to flush, HDF5 segfaults in the closing of a file on a full disk. So this one
swallows the first error, lets HDF5 close in peace, and raises it afterwards.
"""

from __future__ import annotations

import os

from vizframe.store.write.disk import Disk


class GuardedFile:
    """A file object over a descriptor, for h5py's file-object driver."""

    def __init__(self, disk: Disk, fd: int) -> None:
        self._disk = disk
        self._fd = fd
        self._place = 0
        self._error: OSError | None = None

    def raise_error(self) -> None:
        """Raise what the disk refused first, if it did."""
        if self._error is not None:
            raise self._error

    def seek(self, offset: int, whence: int = 0) -> int:
        end = os.fstat(self._fd).st_size if whence == 2 else 0
        self._place = offset + (0, self._place, end)[whence]
        return self._place

    def tell(self) -> int:
        return self._place

    def write(self, data: memoryview) -> int:
        try:
            if self._error is None:
                self._disk.write(self._fd, [data], self._place)
        except OSError as refused:
            self._error = refused
        self._place += len(data)
        return len(data)

    def readinto(self, buffer: memoryview) -> int:
        """What lies there; zeros beyond the end, where a write was refused."""
        done = os.preadv(self._fd, [buffer], self._place)
        buffer[done:] = bytes(len(buffer) - done)
        self._place += len(buffer)
        return len(buffer)

    read = readinto  # h5py asks whether there is one

    def truncate(self, size: int) -> int:
        try:
            if self._error is None:
                self._disk.resize(self._fd, size)
        except OSError as refused:
            self._error = refused
        return size

    def flush(self) -> None: ...
