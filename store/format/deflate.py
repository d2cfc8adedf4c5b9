"""Inflate what a deflate filter made, never to more than was promised.

isal inflates two to three times as fast as zlib; where there is no wheel of it, zlib does.
"""

from __future__ import annotations

import zlib

try:
    from isal.isal_zlib import IsalError, decompressobj
except ImportError:  # no wheel for this machine
    from zlib import decompressobj  # type: ignore[assignment]  # it takes the same arguments
    from zlib import error as IsalError  # type: ignore[assignment]  # isal's stub says an instance


def inflate(data: bytes | memoryview, size: int) -> bytes | None:
    """The bytes of a zlib stream, or None where they are not just so many."""
    try:
        flat = decompressobj().decompress(data, size + 1)
    except (IsalError, zlib.error, ValueError):  # type: ignore[misc]  # likewise
        return None
    return flat if len(flat) == size else None
