"""A frame that waits to be committed as the bytes that will be stored."""

from __future__ import annotations

from typing import Any

from vizframe.history.tiles import Tiles
from vizframe.network import FloatArray
from vizframe.plugin.frame import Frame

_COPIED = ("layer", "part", "columns", "notes", "scalars", "signed")


class StoredFrame(Frame):
    """A frame whose values are in ``tiles`` already; the plugin's own array is not held.

    What reads its values gets those that come back from the history.
    """

    __slots__ = ("_tiles",)
    _tiles: Tiles

    def __init__(self, frame: Frame, tiles: Tiles) -> None:
        for name in _COPIED:
            object.__setattr__(self, name, getattr(frame, name))
        object.__setattr__(self, "_tiles", tiles)

    @property
    def tiles(self) -> Tiles:
        """All of it, as it is stored."""
        return self._tiles

    @property
    def stored_shape(self) -> tuple[int, ...]:
        """(*tile axes, *picture axes)."""
        return self._tiles.stored.shape

    def __getattribute__(self, name: str) -> Any:
        if name == "values":
            values: FloatArray = self.tiles.values()
            return values
        return super().__getattribute__(name)
