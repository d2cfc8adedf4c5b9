"""Films and pictures keep the colours that a map drew."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from vizframe.images.colormap import lut
from vizframe.images.gif import gif
from vizframe.images.indexed import indexed
from vizframe.images.paint import Rgb


def drawn(seed: int = 0, size: tuple[int, int] = (40, 70)) -> Rgb:
    """A picture of one colour map."""
    entries = np.random.default_rng(seed).integers(0, 256, size)
    picture: Rgb = lut("signed")[entries]
    return picture


@pytest.mark.parametrize("colours", [1, 2, 255, 256])
def test_entries_and_table_give_the_picture_back(colours: int) -> None:
    draw = np.random.default_rng(colours)
    table = draw.integers(0, 256, (colours, 3), np.uint8)
    picture = table[draw.integers(0, colours, (300, 200))]
    found = indexed(picture)
    assert found is not None
    assert len(found.table) <= colours
    assert np.array_equal(found.table[found.entries], picture)
    again = indexed(picture[:, ::-1])
    assert again is not None
    assert np.array_equal(again.table, found.table)


def test_a_colour_that_one_pixel_has_is_found() -> None:
    picture = np.zeros((500, 500, 3), np.uint8)
    picture[123, 321] = 7, 8, 9
    found = indexed(picture)
    assert found is not None
    assert found.table.tolist() == [[0, 0, 0], [7, 8, 9]]
    assert np.argwhere(found.entries).tolist() == [[123, 321]]


def test_more_colours_than_a_palette_has_are_no_palette_and_leave_nothing_behind() -> None:
    many = np.arange(257 * 3, dtype=np.uint16).reshape(257, 1, 3).astype(np.uint8)
    many[:, 0, 0] = np.arange(257) % 256
    many[:, 0, 1] = np.arange(257) // 256
    assert indexed(many) is None
    one = indexed(np.full((3, 3, 3), 5, np.uint8))
    assert one is not None
    assert one.table.tolist() == [[5, 5, 5]]


def test_a_film_shows_each_picture_in_its_own_colours_for_its_time() -> None:
    pictures = [drawn(seed) for seed in range(4)]
    with Image.open(io.BytesIO(gif(iter(pictures), each=120.0, last=1000.0))) as film:
        assert film.n_frames == 4  # type: ignore[attr-defined]  # of a GIF
        assert film.info["loop"] == 0
        for number, picture in enumerate(pictures):
            film.seek(number)
            assert film.info["duration"] == (1000 if number == 3 else 120)
            assert np.array_equal(np.asarray(film.convert("RGB")), picture)


def test_photographs_are_reduced_to_a_palette() -> None:
    draw = np.random.default_rng(0)
    smooth = np.linspace(0, 255, 64)[:, None, None] + draw.random((64, 64, 3)) * 40
    picture = np.clip(smooth, 0, 255).astype(np.uint8)
    with Image.open(io.BytesIO(gif([picture], each=100.0, last=1000.0))) as film:
        shown = np.asarray(film.convert("RGB")).astype(int)
    assert abs(shown - picture).mean() < 16
