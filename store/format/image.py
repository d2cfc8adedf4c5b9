"""A file as it will be, before it is one: pieces of bytes and where they go."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

Buffer = bytes | bytearray | memoryview


class Blocks(Protocol):
    """Bytes that are not in memory."""

    def __len__(self) -> int: ...

    def blocks(self) -> Iterator[Buffer]:
        """All of them, a few at a time. Raises OSError."""
        ...


@dataclass(slots=True)
class Image:
    """The bytes of a file, piece by piece; what no piece covers is zero."""

    size: int
    pieces: list[tuple[int, Buffer]] = field(default_factory=list)
    elsewhere: list[tuple[int, Blocks]] = field(default_factory=list)
    """Pieces that are not in memory."""

    def put(self, offset: int, piece: Buffer | Blocks | npt.NDArray[np.generic]) -> None:
        """Lay down bytes, or an array's, without copying them."""
        view = np_bytes(piece) if isinstance(piece, np.ndarray) else piece
        if not len(view):
            return
        if isinstance(view, Buffer):
            self.pieces.append((offset, view))
        else:
            self.elsewhere.append((offset, view))

    def buffers(self) -> Iterator[Buffer]:
        """The whole file in order, gaps filled with zeros."""
        end = 0
        pieces: list[tuple[int, Buffer | Blocks]] = [*self.pieces, *self.elsewhere]
        for offset, piece in sorted(pieces, key=lambda each: each[0]):
            if offset < end:
                raise ValueError(f"a piece at {offset} lies over one that ends at {end}")
            if offset > end:
                yield bytes(offset - end)
            if isinstance(piece, Buffer):
                yield piece
            else:
                yield from piece.blocks()
            end = offset + len(piece)
        if end < self.size:
            yield bytes(self.size - end)


def np_bytes(values: npt.NDArray[np.generic]) -> memoryview:
    """An array's bytes in C order; copied only where they are not so already."""
    return np.ascontiguousarray(values).reshape(-1).view(np.uint8).data
