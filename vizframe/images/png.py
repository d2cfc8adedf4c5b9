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
from vizframe.images.paint import Rgb


def png(picture: Rgb) -> bytes:
    """An RGB picture (y, x, 3) as a PNG file, without loss."""
    shades = picture.astype(np.uint32)
    packed = shades[..., 0] << 16 | shades[..., 1] << 8 | shades[..., 2]
    # A table of all 2²⁴ colours is several times quicker than sorting a million pixels.
    number = np.zeros(1 << 24, np.uint8)
    number[packed] = 1
    colours = np.flatnonzero(number)
    if len(colours) > 256:
        return _encode(Image.fromarray(np.ascontiguousarray(picture)), 6)
    number[colours] = np.arange(len(colours))
    table = np.stack([colours >> 16, colours >> 8 & 255, colours & 255], axis=1)
    return palette_png(number[packed], table.astype(np.uint8), level=6)


def palette_png(entries: npt.NDArray[np.uint8], table: Table, level: int = 1) -> bytes:
    """Entries of a colour map, (y, x), as a PNG file with the map as its palette."""
    image = Image.fromarray(np.ascontiguousarray(entries)).convert("P")
    image.putpalette(table.tobytes())
    return _encode(image, level)


def _encode(image: Image.Image, level: int) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG", compress_level=level)
    return file.getvalue()
