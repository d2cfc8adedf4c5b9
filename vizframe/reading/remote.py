"""A compacted run at an address: over HTTP, S3, and whatever else fsspec speaks.

Only the bytes that are asked for travel, each request one range.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Protocol
from urllib.parse import urlsplit

from vizframe.errors import DamagedSegment, HistoryError, MissingExtra, UnknownName
from vizframe.history import History, RunSummary


class FileSystem(Protocol):
    """What is asked of fsspec's ``AbstractFileSystem``."""

    def size(self, path: str) -> int | None: ...
    def cat_file(self, path: str, *, start: int | None, end: int | None) -> bytes: ...
    def cat_ranges(
        self, paths: list[str], starts: list[int], ends: list[int], on_error: str = ...
    ) -> list[bytes]: ...


class RemoteSource:
    """A file at an address, read range by range; a `vizframe.store.format.source.Source`."""

    def __init__(self, files: FileSystem, path: str, address: str) -> None:
        self.name = address
        self._files = files
        self._path = path
        self.size = self._ask_size()

    def _ask_size(self) -> int:
        try:
            size = self._files.size(self._path)
        except FileNotFoundError as missing:
            if _hides_more(missing):
                raise _unreachable_error(self.name, missing.__cause__ or missing) from missing
            raise HistoryError(f"{self.name} is not there") from missing
        except Exception as refused:  # each file system has errors of its own
            raise _unreachable_error(self.name, refused) from refused
        if size is None:
            raise HistoryError(f"{self.name} does not tell its size, so no part of it can be asked")
        return size

    def read_into(self, view: memoryview, offset: int) -> None:
        """Fill a view of bytes from those at the offset.

        Raises:
            DamagedSegment: the file ends before.
            HistoryError: the address cannot be reached.
        """
        if not len(view):
            return
        try:
            data = self._files.cat_file(self._path, start=offset, end=offset + len(view))
        except Exception as refused:
            raise _unreachable_error(self.name, refused) from refused
        view[:] = self._whole(data, len(view))

    def read_many(self, offsets: Sequence[int], sizes: Sequence[int]) -> Sequence[bytes]:
        """The bytes at each of the offsets, of these lengths, all asked for at once.

        Raises:
            DamagedSegment: the file ends before.
            HistoryError: the address cannot be reached.
        """
        if not any(sizes):
            return [b""] * len(offsets)
        ends = [offset + size for offset, size in zip(offsets, sizes, strict=True)]
        paths = [self._path] * len(offsets)
        try:
            found = self._files.cat_ranges(paths, list(offsets), ends, on_error="raise")
        except Exception as refused:
            raise _unreachable_error(self.name, refused) from refused
        return [self._whole(each, size) for each, size in zip(found, sizes, strict=True)]

    def _whole(self, data: bytes, size: int) -> bytes:
        if len(data) != size:
            raise DamagedSegment(
                f"{self.name} gave {len(data)} bytes where {size} were asked; "
                "it is cut off, or its server does not serve ranges"
            )
        return data


def _hides_more(missing: FileNotFoundError) -> bool:
    """Whether fsspec says "not found" of a server that did not answer, or answered otherwise."""
    cause = missing.__cause__
    refused = isinstance(cause, OSError) and not isinstance(cause, FileNotFoundError)
    return refused or getattr(cause, "status", 404) != 404


def _unreachable_error(address: str, refused: BaseException) -> HistoryError:
    reason = str(refused).strip().splitlines()
    return HistoryError(f"{address} cannot be read: {reason[0] if reason else type(refused)}")


def connect(address: str, storage: Mapping[str, object]) -> RemoteSource:
    """The file at an address.

    Raises:
        MissingExtra: fsspec, or what it needs for this kind of address, is not installed.
        HistoryError: nothing can be read there.
    """
    try:
        from fsspec.core import url_to_fs
    except ImportError as missing:
        raise MissingExtra(f"reading {address}", "remote") from missing
    try:
        files, path = url_to_fs(address, **storage)
    except ImportError as missing:
        extra = "s3" if address.startswith(("s3:", "s3a:")) else "remote"
        raise MissingExtra(f"reading {address}", extra) from missing
    except Exception as refused:  # each file system has errors of its own, and may connect here
        raise _unreachable_error(address, refused) from refused
    return RemoteSource(files, path, address)


def open_remote(address: str, storage: Mapping[str, object]) -> History:
    """The history at an address.

    Raises:
        MissingExtra, HistoryError: see `connect`.
    """
    from vizframe.store import open_source_file

    return open_source_file(connect(address, storage))


class RemoteCatalog:
    """The one run at an address; a `vizframe.history.Catalog`.

    Raises:
        MissingExtra, HistoryError: see `connect`.
    """

    def __init__(self, address: str, storage: Mapping[str, object] | None = None) -> None:
        from vizframe.store import open_source_file

        source = connect(address, storage or {})
        self._history = open_source_file(source)
        self._bytes = source.size
        self._name = name_of(address)

    def runs(self) -> Sequence[RunSummary]:
        steps, times = self._history.steps, self._history.scalars().time
        return [
            RunSummary(
                name=self._name,
                info=self._history.info,
                steps=len(steps),
                last_step=steps[-1] if steps else None,
                last_time=float(times[-1]) if len(times) else None,
                bytes=self._bytes,
            )
        ]

    def open(self, name: str) -> History:
        """Raises UnknownName for any other name than that of the file."""
        if name != self._name:
            raise UnknownName("run", name, [self._name])
        return self._history


def name_of(address: str) -> str:
    """What the run at an address is called: its file, without ``.h5``.

    >>> name_of("s3://bucket/runs/mnist.h5")
    'mnist'
    """
    return PurePosixPath(urlsplit(address).path).stem or address
