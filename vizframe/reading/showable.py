"""What a notebook shows: the live page by `show`, a still picture as a value's own look."""

from __future__ import annotations

import base64
import html
import importlib
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

from vizframe.history import History, SeriesKey

STILL_PIXELS = 48


class Showable(ABC):
    """Something of a run that has a place on the page."""

    @abstractmethod
    def _shown(self) -> tuple[Path | History, dict[str, object]]:
        """Where the run is, and the place: ``kind`` and ``layer``, say."""

    @abstractmethod
    def _still(self) -> str:
        """HTML that needs no server."""

    def show(self, *, height: int = 640, **place: object) -> Any:
        """The live page in a notebook's cell, from a server that this kernel starts once.

        Args:
            height: of the frame, in pixels.
            place: more of what a link of the page says: ``step=400``, ``unit=3``,
                ``page="compare"``.
        """
        # The page lies beside and above this room, so it is named and not imported.
        notebook = importlib.import_module("vizframe.notebook")
        given, where = self._shown()
        return notebook.embed(given, {**where, **place}, self._still(), height)

    def _repr_html_(self) -> str:
        return self._still()


def still_of_series(history: History, key: SeriesKey) -> str:
    """The gallery of the newest step, as HTML."""
    from vizframe.images.film import Look, film
    from vizframe.images.png import png

    steps = list(history.series_steps(key))
    name = html.escape(str(key))
    if not steps:
        return f"<p>{name} has no step yet</p>"
    axes = history.declarations[key].tile_axes
    look = Look(pixels=STILL_PIXELS, image=0 if {"probe", "unit"} <= set(axes) else None)
    pictures = [picture for _, picture in film(history, key, steps[-1:], look)]
    if not pictures:
        return f"<p>{name} had another shape at step {steps[-1]}</p>"
    data = base64.b64encode(png(pictures[0])).decode()
    return (
        f'<figure><img alt="{name} at step {steps[-1]}" src="data:image/png;base64,{data}" '
        f'style="max-width: 100%; image-rendering: pixelated">'
        f"<figcaption>{name}, step {steps[-1]} of {len(steps)}</figcaption></figure>"
    )


def still_of_run(history: History, words: str) -> str:
    """What the run holds, and its first series, as HTML."""
    first = next(iter(history.declarations), None)
    picture = "" if first is None else still_of_series(history, first)
    return f"<pre>{html.escape(words)}</pre>{picture}"
