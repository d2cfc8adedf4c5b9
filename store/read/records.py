"""Tile records kept between film strips: those of a wide layer lie too far apart to be read anew.

A strip needs one 16-byte record per step, and in a layer of 512 units 8 kB lie between one step's
and the next one's. Whoever looks at one unit looks at its neighbours too, so the whole table of a
merged segment is read once and kept while there is room.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from vizframe.store.format.image import np_bytes
from vizframe.store.format.index import SeriesIndex
from vizframe.store.format.layout import TILE
from vizframe.store.format.source import Source
from vizframe.store.read.segment import Segment

MOST = 1 << 24
"""Bytes of records that one history keeps."""

LARGEST = 1 << 22
"""Bytes of the largest table that is worth reading as a whole."""

Table = npt.NDArray[np.void]


class Records:
    """Whole tables of tile records, the least recently used forgotten first."""

    def __init__(self) -> None:
        # The segment is kept with its table, so that its id stays its own.
        self._tables: OrderedDict[tuple[int, int], tuple[Segment, Table]] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def table(self, source: Source, segment: Segment, place: int) -> Table | None:
        """All records of a segment's series, (tiles, frames); None where that is too much."""
        series = segment.index.series[place]
        if series.frames * series.record_bytes > LARGEST:
            return None
        key = (id(segment), place)
        with self._lock:
            if key in self._tables:
                self._tables.move_to_end(key)
                return self._tables[key][1]
        table = _read(source, series)
        with self._lock:
            if key not in self._tables:
                self._tables[key] = (segment, table)
                self._bytes += table.nbytes
            while self._bytes > MOST:
                _, (_, dropped) = self._tables.popitem(last=False)
                self._bytes -= dropped.nbytes
        return table

    def keep(self, segments: Sequence[Segment]) -> None:
        """Forget the tables of all other segments: these were merged away."""
        known = {id(segment) for segment in segments}
        with self._lock:
            for key in [key for key in self._tables if key[0] not in known]:
                _, dropped = self._tables.pop(key)
                self._bytes -= dropped.nbytes

    def __len__(self) -> int:
        return len(self._tables)


def _read(source: Source, series: SeriesIndex) -> Table:
    """Turned, so that what a strip wants lies together."""
    records = np.empty((series.frames, series.tile_count), TILE)
    source.read_into(np_bytes(records), series.tiles)
    return np.ascontiguousarray(records.T)
