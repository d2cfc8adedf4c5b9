"""PNG files, by Pillow.

Where a picture has at most 256 colours, as all that is drawn by one colour map has, the file
carries them as its palette: half the size of RGB, and several times quicker to write.
"""

from __future__ import annotations

import io

import numpy as np
import numpy.typing as npt
from PIL import Image

from vizframe.images.colormap import Table
from vizframe.images.indexed import indexed
from vizframe.images.paint import Rgb


def png(picture: Rgb) -> bytes:
    """An RGB picture (y, x, 3) as a PNG file, without loss."""
    found = indexed(picture)
    if found is None:
        return _encode(Image.fromarray(np.ascontiguousarray(picture)), 6)
    return palette_png(found.entries, found.table, level=6)


def palette_png(entries: npt.NDArray[np.uint8], table: Table, level: int = 1) -> bytes:
    """Entries of a colour map, (y, x), as a PNG file with the map as its palette."""
    return _encode(palette_image(entries, table), level)


def palette_image(entries: npt.NDArray[np.uint8], table: Table) -> Image.Image:
    """Entries of a colour map, (y, x), as an image of Pillow's that keeps them."""
    image = Image.fromarray(np.ascontiguousarray(entries)).convert("P")
    image.putpalette(table.tobytes())
    return image


def _encode(image: Image.Image, level: int) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG", compress_level=level)
    return file.getvalue()
