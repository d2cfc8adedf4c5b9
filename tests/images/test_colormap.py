"""The colour maps keep their promises to eyes of every kind."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from vizframe.errors import UnknownName
from vizframe.images import MAPS, lut
from vizframe.images.colormap import map_for

Floats = npt.NDArray[np.float64]

# Machado, Oliveira & Fernandes 2009, severity 1, on linear RGB.
SIGHT = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritanopia": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}


def lab(rgb: npt.NDArray[np.uint8], sight: str = "normal") -> Floats:
    """CIELAB under D65 of sRGB bytes, as that eye sees them."""
    srgb = rgb / 255
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    linear = np.clip(linear @ SIGHT[sight].T, 0, 1)
    to_xyz = np.array(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    )
    xyz = linear @ to_xyz.T / np.array([0.9505, 1.0, 1.089])
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    scaled: Floats = np.stack(
        [116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], axis=1
    )
    return scaled


@pytest.mark.parametrize("name", MAPS)
def test_a_map_is_256_bytes_of_rgb_that_nobody_can_change(name: str) -> None:
    table = lut(name)
    assert table.shape == (256, 3)
    assert table.dtype == np.uint8
    with pytest.raises(ValueError, match="read-only"):
        table[0] = 0


def test_an_unknown_map_is_named_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match="colour map 'signd' is not known; it can be 'signed'"):
        lut("signd")


def test_grey_is_the_identity() -> None:
    assert (lut("grey") == np.arange(256)[:, None]).all()


@pytest.mark.parametrize("name", ["signed", "signed-dark"])
def test_negative_is_red_and_positive_is_blue(name: str) -> None:
    red, _, blue = lut(name).astype(int).T
    assert (red[:120] > blue[:120]).all()
    assert (blue[136:] > red[136:]).all()


@pytest.mark.parametrize("name", ["signed", "signed-dark"])
def test_equal_strength_of_either_sign_is_equally_light(name: str) -> None:
    lightness = lab(lut(name))[:, 0]
    assert abs(lightness - lightness[::-1]).max() < 5


def test_zero_is_the_lightest_of_signed_and_the_darkest_of_signed_dark() -> None:
    rise = np.diff(lab(lut("signed"))[:, 0])
    assert (rise[:127] >= -0.1).all()
    assert (rise[128:] <= 0.1).all()
    fall = np.diff(lab(lut("signed-dark"))[:, 0])
    assert (fall[:127] <= 0.1).all()
    assert (fall[128:] >= -0.1).all()


@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize("name", ["signed", "signed-dark"])
def test_half_strengths_of_both_signs_are_told_apart_by_every_eye(name: str, sight: str) -> None:
    seen = lab(lut(name), sight)
    # 10 is "clearly different"; red–green maps such as RdYlGn fall to 12–15.
    assert float(np.linalg.norm(seen[64] - seen[191])) > 40


def test_the_perceptual_map_rises_evenly_in_lightness_and_difference() -> None:
    seen = lab(lut("perceptual"))
    assert (np.diff(seen[:, 0]) > 0).all()
    strides = np.linalg.norm(seen[8:] - seen[:-8], axis=1)
    assert strides.max() / strides.min() < 3.0


@pytest.mark.parametrize("sight", SIGHT)
def test_the_perceptual_map_rises_for_every_eye(sight: str) -> None:
    assert (np.diff(lab(lut("perceptual"), sight)[::8, 0]) > 0).all()


def test_no_map_has_the_colour_of_what_is_no_number() -> None:
    for name in MAPS:
        apart = np.linalg.norm(lab(lut(name)) - lab(np.array([[216, 0, 216]], np.uint8)), axis=1)
        assert apart.min() > 25


def test_data_chooses_its_map() -> None:
    assert [map_for(s, d) for s in (False, True) for d in (False, True)] == [
        "perceptual",
        "perceptual",
        "signed",
        "signed-dark",
    ]
