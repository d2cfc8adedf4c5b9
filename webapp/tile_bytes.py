"""Tiles as the browser reads them: a short JSON head, then plain arrays.

    uint32  length of the head        ┐
    JSON    {"count", "picture", …}   │  padded with blanks to a multiple of 4
    float32 low        (count)        │  value = low + stored · (high − low) / 255, or, of a tile
    float32 high       (count)        │  in "coded", / 252; 253, 254, 255 are −inf, NaN, +inf
    int32   nonfinite  (count)        │
    uint8   missing    (count)        │  padded with zeros to a multiple of 4
    uint8   stored     (count, y, x[, channel])

All numbers are little-endian. Bars have no pixels: their value is low, which equals high.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vizframe.errors import DamagedSegment
from vizframe.history import Tiles
from vizframe.history.encoding import encode
from vizframe.webapp.request import RequestedSeries


class Packed(NamedTuple):
    """Tiles as bytes, and whether none of them is missing: a damaged one may be cured."""

    data: bytes
    whole: bool


def gallery(asked: RequestedSeries, step: int) -> Packed:
    """The tiles of one step that were asked for, with the notes of its frame."""
    key = asked.declaration.key
    tiles = asked.history.tiles(key, step, asked.leading)
    rest = asked.where[len(asked.leading) :]
    head = {"step": step, "notes": list(asked.history.notes(key, step))}
    picked = _pick(tiles, rest)
    data = pack(
        picked, _flat_count(tiles, rest), {**head, **_dead_tiles(asked, [step], asked.where)}
    )
    return Packed(data, not np.any(picked.missing))


def strip(asked: RequestedSeries, steps: Sequence[int]) -> Packed:
    """One tile over many steps."""
    tiles = asked.history.strip(asked.declaration.key, asked.tile, steps)
    data = pack(tiles, len(steps), {"steps": list(steps), **_dead_tiles(asked, steps, asked.tile)})
    return Packed(data, not np.any(tiles.missing))


def _dead_tiles(
    asked: RequestedSeries, steps: Sequence[int], where: tuple[slice | int, ...]
) -> dict[str, object]:
    """Which of the tiles, in the order in which they are sent, the plugin calls dead.

    Said of pictures alone, of which a black one may be just that; a map of zeros is dead.
    """
    declaration = asked.declaration
    if not declaration.zero_is_dead:
        return {"dead": [], "zero": "plain"}
    if declaration.draw != "image" or declaration.signed:
        return {}
    name = next(iter(declaration.columns_with_role("dead")), None)
    if name is None:
        return {"dead": []}
    try:
        flags = [asked.history.columns(declaration.key, step)[name][where] for step in steps]
    except DamagedSegment:  # the pictures are sound; /columns says what is not
        return {"dead": []}
    return {"dead": np.flatnonzero(np.asarray(flags) == 1).tolist()}


def pack(tiles: Tiles, count: int, head: Mapping[str, object]) -> bytes:
    """Tiles, flattened over what counts them, as bytes.

    A series that keeps floats is quantised on the way: a screen shows 256 levels.
    """
    picture = tiles.stored.shape[tiles.low.ndim :]
    shown = _quantised(tiles, tiles.low.ndim)
    coded = np.flatnonzero(shown.coded & (shown.nonfinite > 0)).tolist()
    told = {"count": count, "picture": list(picture), "coded": coded, **head}
    words = json.dumps(told).encode()
    words += b" " * (-len(words) % 4)
    missing = np.ascontiguousarray(shown.missing, np.uint8).tobytes()
    parts = [
        len(words).to_bytes(4, "little"),
        words,
        np.ascontiguousarray(shown.low, "<f4").tobytes(),
        np.ascontiguousarray(shown.high, "<f4").tobytes(),
        np.ascontiguousarray(shown.nonfinite, "<i4").tobytes(),
        missing + b"\0" * (-len(missing) % 4),
    ]
    if picture:
        parts.append(np.ascontiguousarray(shown.stored).tobytes())
    return b"".join(parts)


def pictures(values: npt.NDArray[np.float32], head: Mapping[str, object]) -> bytes:
    """Pictures in [0, 1], (count, y, x[, channel]), such as the probe's."""
    count = len(values)
    stored = np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)
    none = np.zeros(count, np.int32)
    low, high = np.zeros(count, np.float32), np.ones(count, np.float32)
    return pack(Tiles(stored, low, high, none, none.astype(np.bool_)), count, head)


def _pick(tiles: Tiles, rest: tuple[slice | int, ...]) -> Tiles:
    if not any(isinstance(index, int) for index in rest):
        return tiles
    return tiles.pick(rest)


def _flat_count(tiles: Tiles, rest: tuple[slice | int, ...]) -> int:
    lengths = zip(tiles.low.shape, rest, strict=True)
    return math.prod(length for length, index in lengths if not isinstance(index, int))


def _quantised(tiles: Tiles, tile_ndim: int) -> Tiles:
    if tiles.stored.dtype == np.uint8:
        return tiles
    again = encode(tiles.values(), tile_ndim, encoding="uint8", value_range=None)
    return replace(again, missing=tiles.missing)
