"""Layout 1 of a vizframe file, byte by byte; `store/README.md` tells it to other programs.

Every file is HDF5 behind a user block of 1,024 bytes of text, which says where the file's *parts*
(small datasets: the index, the steps, …) lie and what their CRC-32 is. Who trusts the block needs
no HDF5 to read the rest, so a damaged or hostile file never meets the HDF5 library.

    vizframe-history 1⏎
    {"size":123456,"parts":{"index":[offset,bytes,crc32],…}}⏎
    (spaces) crc32 of all before it, 8 hex digits⏎
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt

from vizframe.errors import DamagedSegment
from vizframe.store.format.checksum import crc32

FORMAT = "vizframe-history"
VERSION = 1
BLOCK = 1024
"""Bytes of the user block. HDF5 allows powers of two from 512 on."""

SIGNATURE = b"\x89HDF\r\n\x1a\n"
"""What an HDF5 file begins with, behind the user block."""

MAGIC = FORMAT.encode() + b" "

STEP = np.dtype([("step", "<i8"), ("time", "<f8"), ("epoch", "<f8"), ("session", "<u4")])
"""One committed step; ``session`` counts in the index's list of sessions."""

ROW = np.dtype(
    [
        ("series", "<u4"),
        ("step", "<u4"),
        ("frame", "<u4"),
        ("stored", "<u4"),
        ("tiles", "<u4"),
        ("columns", "<u4"),
    ]
)
"""One frame: which series of the index, which row of the steps, which place in the series'
datasets; and the CRC-32 of its bytes in each of these, ``stored``, ``tiles`` and ``columns``."""


class Row(NamedTuple):
    """A row as plain integers."""

    series: int
    step: int
    frame: int
    stored: int
    tiles: int
    columns: int


TILE = np.dtype([("low", "<f4"), ("high", "<f4"), ("nonfinite", "<i4"), ("crc32", "<u4")])
"""What stands beside a tile; see `seeds` for its CRC-32."""

PixelType = np.dtype[np.uint8] | np.dtype[np.float16] | np.dtype[np.float32]

STORED: Mapping[str, PixelType] = {
    "uint8": np.dtype("u1"),
    "float16": np.dtype("<f2"),
    "float32": np.dtype("<f4"),
}


NONSENSE = (
    ArithmeticError,
    AttributeError,
    IndexError,
    KeyError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What Python says on reading JSON that another hand has written."""


class NewerLayout(DamagedSegment):
    """A file that this version cannot read, and need not try to."""


class Extent(NamedTuple):
    """A part of a file, with the CRC-32 of its bytes."""

    offset: int
    size: int
    crc32: int

    @property
    def end(self) -> int:
        return self.offset + self.size


@dataclass(frozen=True, slots=True)
class Block:
    """The user block: where the parts are."""

    size: int
    """Of the whole file, in bytes."""
    parts: Mapping[str, Extent]

    def pack(self) -> bytes:
        """Its bytes."""
        said = {"size": self.size, "parts": {name: list(part) for name, part in self.parts.items()}}
        text = b"%s%d\n%s\n" % (MAGIC, VERSION, json.dumps(said, separators=(",", ":")).encode())
        if len(text) > BLOCK - 9:
            raise ValueError(f"the user block has {len(text)} bytes; it can have {BLOCK - 9}")
        text = text.ljust(BLOCK - 9)
        return b"%s%08x\n" % (text, crc32(text))

    @classmethod
    def unpack(cls, block: bytes) -> Self:
        """Raises DamagedSegment, the reason alone, for what `pack` did not make."""
        check_version(block)
        text, check = block[: BLOCK - 9], block[BLOCK - 9 : BLOCK]
        if len(block) < BLOCK or check != b"%08x\n" % crc32(text):
            raise DamagedSegment("its first 1,024 bytes do not have the checksum they give")
        try:
            said = json.loads(text.split(b"\n", 2)[1])
            parts = {str(name): Extent(*map(int, part)) for name, part in said["parts"].items()}
            size = int(said["size"])
        except NONSENSE as bad:
            raise DamagedSegment("its first 1,024 bytes say nothing that makes sense") from bad
        for part in parts.values():
            if min(part) < 0 or part.end > size:
                raise DamagedSegment("its first 1,024 bytes name parts outside of it")
        return cls(size, parts)


def check_version(block: bytes) -> None:
    """Raises DamagedSegment for a block of another format or of a newer vizframe."""
    if not block.startswith(MAGIC):
        raise DamagedSegment("it does not begin as a file of vizframe")
    digits = block[len(MAGIC) :].split(b"\n", 1)[0]
    if digits.isdigit() and len(digits) < 9 and int(digits) > VERSION:
        raise NewerLayout(
            f"it was written by a newer vizframe (layout {int(digits)}, this one reads up to "
            f"{VERSION}); upgrade with pip install -U vizframe"
        )


def column_dtype(columns: Mapping[str, int]) -> np.dtype[np.void]:
    """One tile's columns: float32 each, or a row of float32."""
    return np.dtype([(name, "<f4", (n,)) if n else (name, "<f4") for name, n in columns.items()])


def seeds(records: npt.NDArray[np.void]) -> list[int]:
    """What each tile's CRC-32 starts from: ``low ^ (high rotated by 16) ^ nonfinite``, as bits.

    ``crc32 = zlib.crc32(tile bytes, seed)`` then guards the tile and the numbers beside it in one
    call: for given bytes the CRC is a bijection of its seed.
    """
    bits = np.ascontiguousarray(records).view(np.uint32).reshape(-1, 4)
    low, high, nonfinite = bits[:, 0], bits[:, 1], bits[:, 2]
    seed: list[int] = (low ^ (high << 16 | high >> 16) ^ nonfinite).tolist()
    return seed


def tile_checksums(stored: memoryview, records: npt.NDArray[np.void]) -> npt.NDArray[np.uint32]:
    """The CRC-32 of each tile, given all stored bytes and the tiles' records."""
    size = len(stored) // max(1, len(records))
    tiles = (stored[i * size : (i + 1) * size] for i in range(len(records)))
    return np.array(list(map(crc32, tiles, seeds(records))), np.uint32)
