"""A picture from a file, whatever it was saved as, in numbers from 0 to 1.

8 bits            ÷ 255              16 bits    ÷ 65535
floats            as they are from 0 to 1, ÷ 255 up to 255, else from their lowest to their highest
palette, CMYK     as the colours that they stand for
transparent       on white paper, as a browser shows it
a turned camera   the way it was held (EXIF)
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from vizframe.network.network import FloatArray
from vizframe.network.quiet import without_warnings

_DEEP = ("I", "F", "I;16", "I;16L", "I;16B", "I;16N")
"""Pillow's modes of one number per pixel that 8 bits do not hold."""

_RESAMPLING = Image.Resampling.BICUBIC


def read_picture(file: Path, channels: int, size: tuple[int, int]) -> FloatArray:
    """The picture, (channel, y, x), from 0 to 1.

    Args:
        channels: 1 for grey, 3 for colour.
        size: (height, width) that it is brought to.

    Raises:
        OSError: it is no image, or one that is damaged.
        ValueError, SyntaxError: likewise, of some formats.
    """
    height, width = size
    with without_warnings(), Image.open(file) as opened:
        opened.draft("RGB" if channels == 3 else "L", (width, height))  # JPEG decodes less then
        image = ImageOps.exif_transpose(opened)
        if image.mode in _DEEP:
            values = np.asarray(image, np.float32)
            grey = Image.fromarray(_from_0_to_1(values, whole=image.mode != "F"))
            values = np.asarray(grey.resize((width, height), _RESAMPLING), np.float32)
            return np.repeat(np.clip(values, 0, 1)[None], channels, axis=0)
        flat = _on_paper(image).convert("L" if channels == 1 else "RGB")
        pixels = np.asarray(flat.resize((width, height), _RESAMPLING), np.float32) / 255
    planes: FloatArray = np.atleast_3d(pixels).transpose(2, 0, 1)
    return planes


def _from_0_to_1(values: FloatArray, *, whole: bool) -> FloatArray:
    finite = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(finite.min()), float(finite.max())
    if low < 0 or high > (65535 if whole else 255):
        return ((finite - low) / (high - low or 1.0)).astype(np.float32)
    top = 1.0 if high <= 1 else 65535.0 if whole else 255.0
    return (finite / top).astype(np.float32)


def _on_paper(image: Image.Image) -> Image.Image:
    """The picture on white paper, where it is transparent."""
    if image.mode not in ("RGBA", "LA", "PA", "La", "RGBa") and "transparency" not in image.info:
        return image
    drawn = image.convert("RGBA")
    paper = Image.new("RGBA", drawn.size, (255, 255, 255, 255))
    return Image.alpha_composite(paper, drawn)
