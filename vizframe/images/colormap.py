"""Colour maps: tables of 256 RGB entries, computed from a path through OKLab.

No table is copied. Each map is a lightness, a chroma and a hue as functions of the position, in
OKLab (Björn Ottosson, "A perceptual color space for image processing", 2020,
https://bottosson.github.io/posts/oklab/), where equal distances look equal. What sRGB cannot show
gives up chroma, never lightness, so that lightness stays what the function says.

    signed        dark red ── white ── dark blue     zero is the lightest, both ends equally dark
    signed-dark   light red ─ near black ─ light blue   for dark pages: zero is the page's colour
    perceptual    violet ─ blue ─ green ─ yellow     lightness rises evenly
    grey          black ── white                     evenly light, like a photograph

Red is negative and blue is positive, the hues of ColorBrewer's RdBu (Harrower & Brewer 2003): the
pair that the three common forms of colour blindness keep apart.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from vizframe.errors import UnknownName

Table = npt.NDArray[np.uint8]
"""(256, 3): entry i is the colour of value i."""

Floats = npt.NDArray[np.float64]

ENTRIES = 256

RED, BLUE = np.deg2rad(27.0), np.deg2rad(251.0)
"""OKLab hues of the two signs."""

_LMS_OF_LAB = np.array(
    [
        [1.0, 0.3963377774, 0.2158037573],
        [1.0, -0.1055613458, -0.0638541728],
        [1.0, -0.0894841775, -1.2914855480],
    ]
)
_RGB_OF_LMS = np.array(
    [
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.7076147010],
    ]
)


@cache
def lut(name: str) -> Table:
    """The 256 colours of a map, uint8 of shape (256, 3), read-only.

    Raises:
        UnknownName: there is no such map.
    """
    if name not in _PATHS:
        raise UnknownName("colour map", name, _PATHS)
    lightness, chroma, hue = _PATHS[name](np.linspace(0.0, 1.0, ENTRIES))
    table = _in_gamut(lightness, chroma, hue)
    table.flags.writeable = False
    return table


def map_for(signed: bool, dark: bool = False) -> str:
    """The map that data of this kind is drawn with."""
    if not signed:
        return "perceptual"
    return "signed-dark" if dark else "signed"


def _signed(place: Floats) -> tuple[Floats, Floats, Floats]:
    strength = abs(2.0 * place - 1.0)
    lightness = 0.975 - 0.645 * strength**1.1
    chroma = np.where(place < 0.5, 0.18, 0.145) * np.sin(np.pi * strength / 1.35)
    return lightness, chroma, np.where(place < 0.5, RED, BLUE)


def _signed_dark(place: Floats) -> tuple[Floats, Floats, Floats]:
    strength = abs(2.0 * place - 1.0)
    lightness = 0.19 + 0.66 * strength
    chroma = np.where(place < 0.5, 0.17, 0.135) * np.sin(np.pi * strength / 1.3)
    return lightness, chroma, np.where(place < 0.5, RED, BLUE)


def _perceptual(place: Floats) -> tuple[Floats, Floats, Floats]:
    lightness = 0.22 + 0.70 * place
    chroma = 0.12 - 0.13 * place + 0.17 * place**2
    hue = np.deg2rad(310.0 - 205.0 * place)
    return lightness, chroma, hue


def _grey(place: Floats) -> tuple[Floats, Floats, Floats]:
    return _lightness_of_grey(place), np.zeros_like(place), np.zeros_like(place)


def _lightness_of_grey(value: Floats) -> Floats:
    """The OKLab lightness of an sRGB grey: the table's entry i is then exactly (i, i, i)."""
    linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    cube_root: Floats = np.cbrt(linear)
    return cube_root


_PATHS = {
    "signed": _signed,
    "signed-dark": _signed_dark,
    "perceptual": _perceptual,
    "grey": _grey,
}

MAPS = tuple(_PATHS)
"""The names of all maps."""


def _in_gamut(lightness: Floats, chroma: Floats, hue: Floats) -> Table:
    """sRGB, with each colour's chroma reduced by bisection to what sRGB can show."""
    least, most = np.zeros_like(chroma), np.ones_like(chroma)
    for _ in range(20):
        middle = (least + most) / 2
        rgb = _linear_rgb(lightness, chroma * middle, hue)
        fits = ((rgb >= -1e-6) & (rgb <= 1 + 1e-6)).all(axis=1)
        least, most = np.where(fits, middle, least), np.where(fits, most, middle)
    return _encode_srgb(_linear_rgb(lightness, chroma * least, hue))


def _linear_rgb(lightness: Floats, chroma: Floats, hue: Floats) -> Floats:
    lab = np.stack([lightness, chroma * np.cos(hue), chroma * np.sin(hue)], axis=1)
    rgb: Floats = (lab @ _LMS_OF_LAB.T) ** 3 @ _RGB_OF_LMS.T
    return rgb


def _encode_srgb(linear: Floats) -> Table:
    """Linear light as sRGB bytes (IEC 61966-2-1)."""
    clipped = np.clip(linear, 0.0, 1.0)
    srgb = np.where(clipped <= 0.0031308, clipped * 12.92, 1.055 * clipped ** (1 / 2.4) - 0.055)
    table: Table = np.rint(srgb * 255).astype(np.uint8)
    return table
