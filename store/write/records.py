"""What a segment keeps beside each tile: its range, what is not finite in it, its CRC-32."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vizframe.history import Tiles
from vizframe.history.levels import CODED
from vizframe.store.format.layout import TILE, tile_checksums


def tile_records(tiles: Tiles, stored: memoryview) -> npt.NDArray[np.void]:
    """The records of tiles whose pixels are these bytes."""
    records = np.empty(tiles.low.size, TILE)
    records["low"] = tiles.low.ravel()
    records["high"] = tiles.high.ravel()
    records["nonfinite"] = (tiles.nonfinite | np.where(tiles.coded, CODED, 0)).ravel()
    records["crc32"] = tile_checksums(stored, records)
    return records
