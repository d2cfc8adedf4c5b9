"""Pictures put together on white: beside and above one another, with labels."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from vizframe.images import lut
from vizframe.images.limits import Limits, own_limits
from vizframe.images.overlay import overlay
from vizframe.images.paint import Rgb, paint
from vizframe.images.sheet import sheet
from vizframe.network import FloatArray
from vizframe.plugins.saliency import Method, Saliency

INK = (60, 60, 66)


def signed_of(method: Method) -> bool:
    return next(picture.signed for picture in Saliency.makes if picture.part == method)


def robust(values: FloatArray) -> Limits:
    """Symmetric limits per picture that the strongest 0.5 % of pixels may pass."""
    reach = np.percentile(abs(values), 99.5, axis=tuple(range(1, values.ndim)))
    return own_limits(-reach, reach, signed=True)


def lay_over(values: FloatArray, under: Rgb, signed: bool) -> Rgb:
    """Maps over their images: what says little hides little, as in the app."""
    if signed:
        limits, table = robust(values), lut("signed")
        under = (under // 2 + 96).astype(np.uint8)
    else:
        limits = own_limits(0 * values.min(axis=(1, 2)), values.max(axis=(1, 2)), signed=False)
        table = lut("perceptual")
    reach = np.maximum(limits.high, 1e-30)[:, None, None]
    strength = np.clip(2 * abs(values) / reach, 0, 1)
    return overlay(paint(values, limits, table), under, 0.9 * strength)


def grey(images: FloatArray) -> Rgb:
    """Images in [0, 1] as RGB."""
    shades = np.rint(images * 255).astype(np.uint8)
    return np.stack([shades] * 3, axis=-1)


def words(text: str, width: int, height: int) -> Rgb:
    """Text, one line or more, centred on white."""
    page = Image.new("RGB", (width, height), "white")
    font = ImageFont.load_default(13)
    place = (width / 2, height / 2)
    ImageDraw.Draw(page).text(place, text, INK, font, anchor="mm", align="center")
    return np.asarray(page)


def centre_all(pictures: Rgb, side: int) -> Rgb:
    """Small square pictures in the middle of white ones of that side."""
    before = (side - pictures.shape[-2]) // 2
    after = side - pictures.shape[-2] - before
    around = ((0, 0), (before, after), (before, after), (0, 0))
    return np.pad(pictures, around, constant_values=255)


def add_title(picture: Rgb, title: str) -> Rgb:
    """The picture under its title."""
    return above(words(title, max(picture.shape[1], 8 * len(title)), 20), picture, gap=2)


def add_label(title: str, pictures: Rgb) -> Rgb:
    """A row of pictures behind its label."""
    return beside(words(title, 170, pictures.shape[1] + 4), sheet(pictures, columns=len(pictures)))


def beside(*pictures: Rgb, gap: int = 12) -> Rgb:
    return join(pictures, gap, axis=1)


def above(*pictures: Rgb, gap: int = 12) -> Rgb:
    return join(pictures, gap, axis=0)


def join(pictures: tuple[Rgb, ...], gap: int, axis: int) -> Rgb:
    """Pictures in a row or column, centred across it, on white."""
    across = max(picture.shape[1 - axis] for picture in pictures)
    parts: list[npt.NDArray[Any]] = []
    for picture in pictures:
        spare = across - picture.shape[1 - axis]
        edges = [(0, 0), (0, 0), (0, 0)]
        edges[1 - axis] = (spare // 2, spare - spare // 2)
        edges[axis] = (0, gap if picture is not pictures[-1] else 0)
        parts.append(np.pad(picture, edges, constant_values=255))
    return np.concatenate(parts, axis=axis)
