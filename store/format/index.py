"""The index of a segment: its sessions, scalars and series, as JSON in the dataset ``/index``.

It says once per segment what is the same for all its steps, so that a segment is readable alone.
Segments of one structure share it byte for byte; a reader then parses it once.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property, lru_cache
from typing import Any
from urllib.parse import quote

import numpy as np
from pydantic import BaseModel, ValidationError

from vizframe.errors import DamagedSegment
from vizframe.history import Declaration, SeriesKey
from vizframe.store.format.layout import NONSENSE, STORED, TILE, PixelType, column_dtype
from vizframe.store.format.names import LARGEST_STEP, Commits, Session
from vizframe.store.format.packing import CHUNK, Grid, Packing

OWN = ("key", "tile_shape", "picture_shape")
"""What a declaration does not share with the other layers of its plugin."""

WIDE = 10**15
"""Stands for an offset while there is none, and is as long as any."""

LARGEST_INDEX = 1 << 23
"""Bytes of an index: twenty thousand series. Read, it takes some twenty times as much memory."""

LARGEST_GROUP = 1 << 16
"""Tiles in a chunk."""

MOST_AXES = 16
"""Of a frame; NumPy and HDF5 take 32."""


@dataclass(frozen=True)
class SeriesIndex:
    """One declaration's frames in one segment, and where they lie.

    Attributes:
        declaration: of all of them; a series that changes it has two of these.
        path: the HDF5 group.
        frames: how many.
        stored: where the frames are, (frames, *tile_shape, *picture_shape).
        tiles: where the tiles' records are, (frames, *tile_shape) of `layout.TILE`.
        columns: where the columns are, (frames, *tile_shape) of `column_dtype`.
        packing: how the frames are compressed, in a compacted run; ``stored`` is then not used.
    """

    declaration: Declaration
    path: str
    frames: int
    stored: int = WIDE
    tiles: int = WIDE
    columns: int = WIDE
    packing: Packing | None = None

    @property
    def key(self) -> SeriesKey:
        return self.declaration.key

    @cached_property
    def identity(self) -> str:
        """Tells declarations apart by all they say."""
        return json.dumps(self.declaration.model_dump(mode="json"))

    @cached_property
    def pixel(self) -> PixelType:
        return STORED[self.declaration.encoding]

    @cached_property
    def tile_count(self) -> int:
        """Tiles in a frame."""
        return math.prod(self.declaration.tile_shape)

    @cached_property
    def tile_bytes(self) -> int:
        return math.prod(self.declaration.picture_shape) * self.pixel.itemsize

    @cached_property
    def frame_bytes(self) -> int:
        return self.tile_count * self.tile_bytes

    @cached_property
    def record_bytes(self) -> int:
        """The tile records of a frame."""
        return self.tile_count * TILE.itemsize

    @cached_property
    def column(self) -> np.dtype[np.void]:
        return column_dtype(self.declaration.columns)

    @cached_property
    def column_bytes(self) -> int:
        """The columns of a frame."""
        return self.tile_count * self.column.itemsize

    def extents(self) -> Iterable[tuple[str, int, int]]:
        """Each dataset with its offset and size."""
        if self.packing is None:
            yield "stored", self.stored, self.frames * self.frame_bytes
        else:
            grid = Grid.of(self.declaration.tile_shape, self.packing.group)
            yield "chunks", self.packing.chunks, self.frames * grid.count * CHUNK.itemsize
        yield "tiles", self.tiles, self.frames * self.record_bytes
        yield "columns", self.columns, self.frames * self.column_bytes


Hides = tuple[tuple[Session, tuple[tuple[Session, int], ...]], ...]
"""For each session the older ones of which it hides steps: those behind its first one, and up to
the last that was there when it began. What an older one commits after that, nothing hides."""


After = tuple[tuple[Session, tuple[Session, ...]], ...]
"""For each session the newest of its writer that was there when it began, which knew those before
it; none for the first. Two that do not know of each other went on apart, in copies of a run."""


@dataclass(frozen=True)
class Index:
    """What a segment says of itself."""

    sessions: tuple[tuple[Session, int], ...]
    """Each with its ``resumed_at``: the first step it recorded, from which on it hides the steps
    of older sessions of the same writer."""
    scalars: tuple[str, ...]
    """The columns of the dataset ``/scalars``."""
    series: tuple[SeriesIndex, ...]
    covers: tuple[Commits, ...] = ()
    """The commits whose segments a compacted run replaces."""
    run: str = ""
    """The id of the run that it belongs to; older files do not say."""
    hides: Hides = ()
    """What each session hides of older ones; older files do not say."""
    after: After = ()
    """What each session goes on from; older files do not say."""

    def dump(self) -> bytes:
        shared: dict[str, int] = {}
        return json.dumps(
            {
                "sessions": [[str(session), at] for session, at in self.sessions],
                "scalars": self.scalars,
                "series": [_dump_series(each, shared) for each in self.series],
                "shared": [json.loads(text) for text in shared],
                "covers": [[str(each.session), each.first, each.last] for each in self.covers],
                "run": self.run,
                "hides": {
                    str(session): [[str(older), last] for older, last in hidden]
                    for session, hidden in self.hides
                },
                "after": {str(session): [*map(str, known)] for session, known in self.after},
            },
            separators=(",", ":"),
        ).encode()


def _dump_series(series: SeriesIndex, shared: dict[str, int]) -> dict[str, object]:
    own = series.declaration.model_dump(mode="json", include=set(OWN))
    common = json.dumps(series.declaration.model_dump(mode="json", exclude=set(OWN)))
    place = shared.setdefault(common, len(shared))
    packing = {"packing": asdict(series.packing)} if series.packing else {}
    return {
        "declaration": {"shared": place, **own},
        "path": series.path,
        "frames": series.frames,
        "stored": series.stored,
        "tiles": series.tiles,
        "columns": series.columns,
        **packing,
    }


@lru_cache(maxsize=256)
def load_index(text: bytes) -> Index:
    """What `Index.dump` wrote. Segments of one structure give one object.

    Raises:
        DamagedSegment: it is something else; the reason alone.
    """
    try:
        said = json.loads(text)
        sessions = tuple((_session(name), _step(at)) for name, at in said["sessions"])
        series = tuple(_load_series(each, said["shared"]) for each in said["series"])
        covers = tuple(
            Commits(_session(name), int(first), int(last)) for name, first, last in said["covers"]
        )
        scalars = tuple(map(str, said["scalars"]))
        run = str(said.get("run", ""))
        return Index(sessions, scalars, series, covers, run, _load_hides(said), _load_after(said))
    except NONSENSE as bad:
        raise DamagedSegment(f"its index is not of layout 1 ({_short(bad)})") from bad


def _load_hides(said: Mapping[str, Any]) -> Hides:
    return tuple(
        (_session(name), tuple((_session(older), _step(last)) for older, last in hidden))
        for name, hidden in said.get("hides", {}).items()
    )


def _load_after(said: Mapping[str, Any]) -> After:
    return tuple(
        (_session(name), tuple(map(_session, known)))
        for name, known in said.get("after", {}).items()
    )


def _session(name: str) -> Session:
    session = Session.parse(name)
    if session is None:
        raise ValueError(f"session {name!r}")
    return session


def _step(said: object) -> int:
    if not isinstance(said, int) or not 0 <= said <= LARGEST_STEP:
        raise ValueError(f"step {said!r}")
    return said


def _load_series(said: Mapping[str, Any], shared: Sequence[Mapping[str, Any]]) -> SeriesIndex:
    own = dict(said["declaration"])
    told = known_fields(Declaration, {**shared[own.pop("shared")], **own})
    told["key"] = known_fields(SeriesKey, told["key"])
    declaration = Declaration.model_validate(told)
    numbers = [int(said[name]) for name in ("frames", "stored", "tiles", "columns")]
    sizes = (*declaration.tile_shape, *declaration.picture_shape, *declaration.columns.values())
    if min(numbers) < 0 or min(sizes, default=0) < 0:
        raise ValueError("a negative size")
    tiles = len(declaration.tile_axes)
    if (tiles, len(declaration.axes) - tiles) != (
        len(declaration.tile_shape),
        len(declaration.picture_shape),
    ):
        raise ValueError("axes that do not fit the shapes")
    if len(declaration.tile_shape) + len(declaration.picture_shape) > MOST_AXES:
        raise ValueError(f"more than {MOST_AXES} axes")
    column_dtype(declaration.columns)  # refuses columns of no sensible size
    packing = _load_packing(said["packing"]) if "packing" in said else None
    frames, stored, tiles, columns = numbers
    path = str(said["path"])
    return SeriesIndex(declaration, path, frames, stored, tiles, columns, packing)


def known_fields(model: type[BaseModel], said: Mapping[str, Any]) -> dict[str, Any]:
    """What this version knows of what was said: a newer one of the same layout may say more."""
    return {name: said[name] for name in model.model_fields if name in said}


def _load_packing(said: Mapping[str, Any]) -> Packing:
    group, shuffle, chunks = (int(said[name]) for name in ("group", "shuffle", "chunks"))
    predictor = said["predictor"]
    if predictor not in ("", "x", "yx") or not 0 < group <= LARGEST_GROUP:
        raise ValueError(f"the packing {said}")
    if chunks < 0 or shuffle not in (1, 2, 4):
        raise ValueError(f"the packing {said}")
    return Packing(group, predictor, shuffle, chunks)


def _short(error: Exception) -> str:
    """One line of an error."""
    if isinstance(error, ValidationError):
        return str(error.errors()[0]["msg"])
    return f"{type(error).__name__}: {error}".splitlines()[0][:120]


def group_path(key: SeriesKey, taken: Container[str]) -> str:
    """The HDF5 group of a series: ``frames/<kind>/<layer>``, ``~2`` for its second declaration.

    What HDF5 cannot have in a name (``/``, a lone ``.``) is percent-escaped.
    """
    path = "/".join(("frames", _escape(key.kind), _escape(key.layer)))
    names = itertools.chain([path], (f"{path}~{number}" for number in itertools.count(2)))
    return next(name for name in names if name not in taken)


def _escape(name: str) -> str:
    plain = quote(name, safe=" !#$&'()*+,:;<=>?@[]^`{|}").replace("~", "%7E")
    return plain.replace(".", "%2E") if set(plain) == {"."} else plain or "%00"
