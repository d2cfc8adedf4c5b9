"""GIF films, by Pillow, a picture at a time.

A picture that a colour map drew keeps its own colours, which are at most 256; others are reduced to
as many.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator

import numpy as np
from PIL import Image

from vizframe.images.indexed import MOST, indexed
from vizframe.images.paint import Rgb
from vizframe.images.png import palette_image


def gif(pictures: Iterable[Rgb], each: float, last: float) -> bytes:
    """RGB pictures of one size, at least one, as a film that loops.

    Args:
        each, last: milliseconds that a picture stays, and the last one.
    """
    frames = _timed(map(_frame, pictures), each, last)
    first, file = next(frames), io.BytesIO()
    first.save(file, "GIF", save_all=True, append_images=frames, loop=0, optimize=False)
    return file.getvalue()


def _timed(frames: Iterator[Image.Image], each: float, last: float) -> Iterator[Image.Image]:
    """The frames as Pillow asks for them, each with its time; one RGB picture is held at once."""
    before = next(frames)
    for frame in frames:
        before.info["duration"] = each
        yield before
        before = frame
    before.info["duration"] = last
    yield before


def _frame(picture: Rgb) -> Image.Image:
    found = indexed(picture)
    if found is not None:
        return palette_image(found.entries, found.table)
    whole = Image.fromarray(np.ascontiguousarray(picture))
    return whole.quantize(MOST, method=Image.Quantize.FASTOCTREE)
