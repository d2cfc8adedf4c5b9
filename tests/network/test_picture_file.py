"""Pictures of every make become the same numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from vizframe.network.picture_file import read_picture

RAMP = np.tile(np.linspace(0, 1, 32), (32, 1))


def ramp(kind: str, folder: Path) -> Path:
    """A ramp from black to white in one of many formats."""
    eight = Image.fromarray((255 * RAMP).round().astype(np.uint8))
    makers = {
        "grey.png": lambda: eight,
        "16 bits.png": lambda: Image.fromarray((65535 * RAMP).round().astype(np.uint16)),
        "16 bits.tif": lambda: Image.fromarray((65535 * RAMP).round().astype(np.uint16)),
        "32 bits.tif": lambda: Image.fromarray((65535 * RAMP).round().astype(np.int32)),
        "unit floats.tif": lambda: Image.fromarray(RAMP.astype(np.float32)),
        "pixel floats.tif": lambda: Image.fromarray((254.9 * RAMP).astype(np.float32)),
        "whole floats.tif": lambda: Image.fromarray((255 * RAMP).round().astype(np.float32)),
        "signed floats.tif": lambda: Image.fromarray((6 * RAMP - 3).astype(np.float32)),
        "palette.png": lambda: eight.convert("P"),
        "palette.gif": lambda: eight.convert("P"),
        "cmyk.tif": lambda: eight.convert("RGB").convert("CMYK"),
        "colour.bmp": lambda: eight.convert("RGB"),
        "opaque.png": lambda: eight.convert("RGBA"),
        "grey and alpha.png": lambda: eight.convert("LA"),
    }
    makers[kind]().save(folder / kind)
    return folder / kind


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(
    "kind",
    [
        *("grey.png", "16 bits.png", "16 bits.tif", "32 bits.tif", "unit floats.tif"),
        *(
            "pixel floats.tif",
            "whole floats.tif",
            "signed floats.tif",
            "palette.png",
            "palette.gif",
            "cmyk.tif",
        ),
        *("colour.bmp", "opaque.png", "grey and alpha.png"),
    ],
)
def test_a_ramp_stays_a_ramp(kind: str, channels: int, tmp_path: Path) -> None:
    values = read_picture(ramp(kind, tmp_path), channels, (32, 32))
    assert values.shape == (channels, 32, 32)
    assert values.dtype == np.dtype(np.float32)
    for plane in values:
        np.testing.assert_allclose(plane, RAMP, atol=0.02)


def test_a_constant_image_is_no_division_by_zero(tmp_path: Path) -> None:
    Image.fromarray(np.full((4, 4), -2, np.float32)).save(tmp_path / "f.tif")
    np.testing.assert_array_equal(read_picture(tmp_path / "f.tif", 1, (4, 4)), 0)


def test_what_is_not_finite_is_black(tmp_path: Path) -> None:
    values = np.array([[0, np.nan], [np.inf, 1]], np.float32)
    Image.fromarray(values).save(tmp_path / "f.tif")
    np.testing.assert_array_equal(
        read_picture(tmp_path / "f.tif", 1, (2, 2))[0].round(2), [[0, 0], [0, 1]]
    )


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_a_transparent_image_lies_on_white_paper(mode: str, tmp_path: Path) -> None:
    pixels: npt.NDArray[np.uint8] = np.zeros((8, 8, 4), np.uint8)
    pixels[:4, :, 3] = 255
    drawn = Image.fromarray(pixels)
    clear: int | None = None
    if mode == "P":
        drawn = Image.fromarray(np.repeat([[0], [1]], 4, axis=0).astype(np.uint8).repeat(8, 1))
        drawn = drawn.convert("P")
        clear = 1
    else:
        drawn = drawn.convert(mode)
    if clear is None:
        drawn.save(tmp_path / "a.png")
    else:
        drawn.save(tmp_path / "a.png", transparency=clear)
    values = read_picture(tmp_path / "a.png", 3, (8, 8))
    assert values[:, 0].max() < 0.01
    assert values[:, -1].min() > 0.99


def test_an_image_stands_as_the_camera_was_held(tmp_path: Path) -> None:
    image = Image.fromarray((255 * RAMP).astype(np.uint8))
    exif = Image.Exif()
    exif[0x0112] = 6  # turned to the right
    image.save(tmp_path / "a.png", exif=exif)
    np.testing.assert_allclose(read_picture(tmp_path / "a.png", 1, (32, 32))[0], RAMP.T, atol=0.02)
