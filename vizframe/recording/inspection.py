"""What a plugin yields is looked at before anything relies on it: it may be anything at all.

Frame as yielded ──► inspect_frame ──► Frame of plain arrays, numbers and texts, of bounded size
"""

from __future__ import annotations

import numbers
from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from vizframe.errors import PluginError
from vizframe.network import FloatArray
from vizframe.plugin.frame import Frame

LARGEST_FRAME = 1 << 30
"""Bytes of a frame's values: all activations of VGG's first layer for 64 images are 0.8 GB."""

MOST_COLUMNS = 256
LONGEST_COLUMN = 1 << 16
"""Numbers of one column beside a tile."""

LONGEST_NOTE = 2000
MOST_NOTES = 100
LONGEST_NAME = 200
"""Characters."""


def inspect_frame(plugin: str, frame: Frame) -> Frame:
    """The frame of plain arrays, numbers and texts.

    Raises:
        PluginError: something of it is not what it can be.
    """
    where = f"{plugin} made"
    values = _numbers(frame.values, f"{where} values")
    notes = _notes(frame.notes)
    if len(frame.columns) > MOST_COLUMNS:
        raise PluginError(f"{where} {len(frame.columns)} columns; it can be {MOST_COLUMNS}")
    return replace(
        frame,
        layer=_text(frame.layer, f"{where} a layer's name"),
        part=_text(frame.part, f"{where} a part's name"),
        values=values,
        columns={
            _text(name, f"{where} a column's name"): _column(column, f"{where} column {name!r}")
            for name, column in _items(frame.columns, f"{where} columns")
        },
        scalars={
            _text(name, f"{where} a scalar's name"): _scalar(each, f"{where} the scalar {name!r}")
            for name, each in _items(frame.scalars, f"{where} scalars")
        },
        notes=tuple(_note(note, where) for note in notes[:MOST_NOTES]),
    )


def _items(given: object, what: str) -> list[tuple[object, object]]:
    if not isinstance(given, Mapping):
        raise PluginError(f"{what} that are a {type(given).__name__}; it can be a dict")
    return list(given.items())


def _numbers(given: object, what: str) -> npt.NDArray[np.float32] | npt.NDArray[np.uint8]:
    """float32, or uint8 as it is."""
    if not isinstance(given, (np.ndarray, np.generic, list, tuple, int, float)):
        raise PluginError(
            f"{what} that are a {type(given).__name__}; it can be a NumPy array, such as the "
            "framework's own array gives with asnumpy() or numpy()"
        )
    try:
        array = np.asarray(given)
    except ValueError as ragged:
        raise PluginError(f"{what} that are no array: {ragged}") from None
    if array.dtype.kind not in "fiub":
        raise PluginError(f"{what} of type {array.dtype}; it can be numbers, such as float32")
    if array.size * 4 > LARGEST_FRAME:
        raise PluginError(
            f"{what} of shape {array.shape}, {array.size * 4 / 1e9:.1f} GB as float32; it can be "
            f"{LARGEST_FRAME / 1e9:.1f} GB: fewer units or probe images at once"
        )
    mask = given.mask if isinstance(given, np.ma.MaskedArray) else np.ma.nomask
    if array.dtype in (np.float32, np.uint8) and mask is np.ma.nomask:
        return array
    with np.errstate(over="ignore"):  # what float32 does not hold is infinite, and said so
        found = array.astype(np.float32)
    if mask is not np.ma.nomask:  # what lies under it is no value
        found[mask] = np.nan
    return found


def _column(given: object, what: str) -> FloatArray:
    array = np.asarray(_numbers(given, what), np.float32)
    if array.ndim and array.shape[-1] > LONGEST_COLUMN:
        raise PluginError(f"{what} of shape {array.shape}; it can be {LONGEST_COLUMN} long")
    return array


def _scalar(given: object, what: str) -> float:
    if isinstance(given, np.ndarray) and not given.ndim:
        given = given[()]
    if not isinstance(given, (numbers.Real, np.bool_)):
        of = f" of shape {given.shape}" if isinstance(given, np.ndarray) else f", {given!r:.80}"
        raise PluginError(f"{what}{of}; it can be one number")
    try:
        return float(given)
    except OverflowError:
        raise PluginError(f"{what}, which no float holds; it can be one number") from None


def _notes(given: object) -> tuple[object, ...]:
    """A sentence alone is one of them."""
    return tuple(given) if isinstance(given, Iterable) and not isinstance(given, str) else (given,)


def _note(given: object, where: str) -> str:
    if not isinstance(given, str):
        raise PluginError(f"{where} a note that is a {type(given).__name__}; it can be a sentence")
    return printable(given, LONGEST_NOTE)


def _text(given: object, what: str) -> str:
    if not isinstance(given, str):
        raise PluginError(f"{what} that is a {type(given).__name__}; it can be a text")
    if len(given) > LONGEST_NAME or given != printable(given, LONGEST_NAME):
        raise PluginError(f"{what} that cannot be printed; it can be {LONGEST_NAME} characters")
    return str(given)


def printable(text: str, longest: int) -> str:
    """The text without what UTF-8 and a terminal cannot hold, and not too long."""
    cut = text if len(text) <= longest else text[: longest - 1] + "…"
    clean = cut.encode("utf-8", "backslashreplace").decode()
    return "".join(each if each.isprintable() or each in "\n\t" else " " for each in clean)
