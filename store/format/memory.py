"""A file's bytes that are still in memory: what a writer has just written need not be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vizframe.store.format.source import damage_error


@dataclass(frozen=True, slots=True, eq=False)
class MemorySource:
    """Bytes at places, a `vizframe.store.format.source.Source`."""

    name: str
    data: memoryview

    @property
    def size(self) -> int:
        return len(self.data)

    def read_into(self, view: memoryview, offset: int) -> None:
        found = self.data[offset : offset + len(view)]
        if len(found) < len(view):
            raise damage_error(self, f"it ends at byte {self.size}, in the middle of its data")
        view[:] = found

    def read_many(self, offsets: Sequence[int], sizes: Sequence[int]) -> Sequence[bytes]:
        views = [bytearray(size) for size in sizes]
        for view, offset in zip(views, offsets, strict=True):
            self.read_into(memoryview(view), offset)
        return [bytes(view) for view in views]
