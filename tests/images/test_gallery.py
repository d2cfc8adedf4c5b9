"""A series becomes a gallery, a film, an album, drawn as its declaration says."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from vizframe.errors import UsageError
from vizframe.history import Declaration, History, SeriesKey, StepRecord, Tiles
from vizframe.history.encoding import encode
from vizframe.history.memory import MemoryRun
from vizframe.images import lut
from vizframe.images.album import album
from vizframe.images.film import Look, film, history_limits
from vizframe.images.gallery import gallery
from vizframe.images.limits import common_limits
from vizframe.images.mark import COLOURS, HATCH_GROUND, Mark
from vizframe.images.paint import MAGENTA
from vizframe.plugin import ignore_progress
from vizframe.plugin.frame import Frame
from vizframe.testing.runs import declare, fake_info, fake_run

KERNELS = SeriesKey(label="weights", layer="conv0")
MAPS = SeriesKey(label="activation", layer="conv0")
BARS = SeriesKey(label="activation", layer="dense0")


def a_series(values: object, axes: str, **more: object) -> tuple[Declaration, Tiles]:
    array = np.asarray(values, np.float32)
    key = SeriesKey(label="x", layer="conv0")
    declaration = declare(key, tuple(axes.split()), array.shape, **more)  # type: ignore[arg-type]  # a test's choice of fields
    encoded = encode(array, len(declaration.tile_shape), value_range=declaration.value_range)
    return declaration, encoded


def test_signed_tiles_are_red_below_zero_and_blue_above() -> None:
    declaration, tiles = a_series([[[-1, 1]]], "unit y x", signed=True)
    page = gallery(declaration, tiles, pixels=2)
    assert page[2, 2:4].tolist() == [lut("signed")[1].tolist(), lut("signed")[254].tolist()]


def test_a_dark_page_has_dark_zeros_and_a_dark_ground() -> None:
    declaration, tiles = a_series([[[-1, 0, 1]]], "unit y x", signed=True)
    page = gallery(declaration, tiles, pixels=3, dark=True)
    assert page.max(axis=(0, 1)).min() > 100
    assert page[0, 0].max() < 40
    assert page[2, 3].max() < 40


def test_unsigned_tiles_take_the_perceptual_map_and_pictures_are_themselves() -> None:
    declaration, tiles = a_series([[[0, 1]]], "unit y x")
    assert gallery(declaration, tiles, pixels=2)[2, 2].tolist() == lut("perceptual")[0].tolist()
    declaration, tiles = a_series([[[0, 1]]], "unit y x", draw="image", value_range=(0.0, 1.0))
    assert gallery(declaration, tiles, pixels=2)[2, 2:4].tolist() == [[0] * 3, [255] * 3]


def test_colours_are_drawn_as_they_are() -> None:
    declaration, tiles = a_series(
        [[[[1, 0, 0.5]]]], "unit y x channel", draw="image", value_range=(0.0, 1.0)
    )
    assert gallery(declaration, tiles, pixels=1)[2, 2].tolist() == [255, 0, 128]


def test_a_range_per_layer_shows_which_unit_is_loud() -> None:
    declaration, tiles = a_series([[[0, 1]], [[0, 100]]], "unit y x")
    ends = [
        gallery(declaration, tiles, scale=scale, pixels=2, columns=1)[2, 3].tolist()
        for scale in ("unit", "layer")
    ]
    assert ends[0] == lut("perceptual")[255].tolist()
    assert ends[1] == lut("perceptual")[3].tolist()


@pytest.mark.parametrize(
    ("counts", "rows", "columns"),
    [((2, 5), 2, 5), ((18, 2), 6, 6), ((12, 1), 4, 3), ((1, 16), 4, 4)],
)
def test_tiles_of_one_leading_index_stay_in_one_row(
    counts: tuple[int, int], rows: int, columns: int
) -> None:
    declaration, tiles = a_series(np.zeros((*counts, 3, 3)), "probe unit y x")
    page = gallery(declaration, tiles, pixels=3)
    assert page.shape == (2 + rows * 5, 2 + columns * 5, 3)


def test_dead_broken_and_missing_units_are_marked() -> None:
    declaration, tiles = a_series(np.zeros((3, 10, 10)), "unit y x")
    tiles.nonfinite[1] = 1
    tiles.missing[2] = True
    page = gallery(declaration, tiles, pixels=10, columns=3)
    corners = [tuple(page[2, 2 + 12 * unit + 9]) for unit in range(3)]
    assert corners == [COLOURS[Mark.DEAD], MAGENTA, HATCH_GROUND] or corners[:2] == [
        COLOURS[Mark.DEAD],
        MAGENTA,
    ]
    assert (page[2:12, 26:36].max(axis=2) >= 128).all()


def test_a_black_picture_is_dead_only_where_its_plugin_says_so() -> None:
    declaration, tiles = a_series(
        np.zeros((2, 10, 10)), "unit y x", draw="image", value_range=(0.0, 1.0)
    )
    page = gallery(declaration, tiles, pixels=10, columns=2, dead=np.array([True, False]))
    corners = [tuple(page[2, 2 + 12 * unit + 9]) for unit in range(2)]
    assert corners == [COLOURS[Mark.DEAD], COLOURS[Mark.CONSTANT]]


def test_bars_stand_on_zero_blue_above_and_red_below() -> None:
    declaration, tiles = a_series([1.0, -1.0, np.nan], "unit", draw="bar", signed=True)
    page = gallery(declaration, tiles)
    wide = page.shape[1] // 3
    assert page[5, wide // 2].argmax() == 2
    assert page[-5, wide // 2].tolist() == [255, 255, 255]
    assert page[-5, wide + wide // 2].argmax() == 0
    assert tuple(page[5, 2 * wide + wide // 2]) == MAGENTA


def test_bars_that_are_all_zero_are_drawn_without_a_division() -> None:
    declaration, tiles = a_series([0.0, 0.0], "unit", draw="bar")
    assert gallery(declaration, tiles)[:-1].min() == 255


class TestFilm:
    def run(self) -> History:
        return fake_run(steps=range(0, 60, 20)).history()

    def test_a_film_has_a_picture_of_one_size_per_step(self) -> None:
        run = self.run()
        shown = list(film(run, KERNELS, run.steps, Look()))
        assert [step for step, _ in shown] == [0, 20, 40]
        assert len({picture.shape for _, picture in shown}) == 1
        assert (shown[0][1] != shown[2][1]).any()

    def test_its_range_is_that_of_the_whole_history(self) -> None:
        run = self.run()
        ends = [run.tiles(KERNELS, step) for step in run.steps]
        expected = common_limits(
            [tiles.low for tiles in ends], [tiles.high for tiles in ends], signed=False
        )
        signed = history_limits(run, KERNELS, Look())
        assert signed.signed
        assert float(signed.high) >= float(expected.high)

    def test_one_unit_and_one_probe_image_can_be_chosen(self) -> None:
        run = self.run()
        _, whole = next(film(run, MAPS, [0], Look(pixels=24)))
        _, one = next(film(run, MAPS, [0], Look(pixels=24, unit=2, image=1)))
        assert one.shape == (28, 28, 3)
        assert whole.shape == (2 + 4 * 26, 2 + 8 * 26, 3)

    def test_a_unit_that_is_not_there_is_refused(self) -> None:
        with pytest.raises(UsageError, match=r"unit is 8 in activation of conv0; it can be 0 to 7"):
            next(film(self.run(), MAPS, [0], Look(unit=8)))

    def test_an_axis_that_is_not_there_is_refused(self) -> None:
        with pytest.raises(
            UsageError, match=r"weights of conv0 has the axes unit, input; it has no probe"
        ):
            next(film(self.run(), KERNELS, [0], Look(image=0)))

    def test_units_that_their_plugin_calls_dead_are_marked_so(self) -> None:
        black = np.zeros((3, 10, 10), np.float32)
        declaration, _ = a_series(
            black, "unit y x", draw="image", value_range=(0.0, 1.0), columns={"dead": 0}
        )
        dead = np.array([0, 1, 0], np.float32)
        frame = Frame("conv0", black, columns={"dead": dead})
        run = MemoryRun(fake_info(), None)
        with run.writer() as writer:
            writer.commit(StepRecord(step=0, frames=[(declaration, frame)]))
        found = []
        for unit in range(3):
            look = Look(pixels=10, unit=unit)
            ((_, page),) = film(run.history(), declaration.key, [0], look)
            found.append(tuple(page[2, 11]))
        marked = [COLOURS[mark] for mark in (Mark.CONSTANT, Mark.DEAD, Mark.CONSTANT)]
        assert found == marked

    def test_bars_have_films_too(self) -> None:
        assert len(list(film(self.run(), BARS, [0, 20, 40], Look()))) == 3


class TestAlbum:
    def page(self, name: str = "run") -> str:
        history = fake_run(range(0, 60, 20), name=name).history()
        return album(history, list(history.declarations), [0, 40], Look(), ignore_progress)

    def test_names_are_text_and_never_html(self) -> None:
        page = self.page("<script>alert(1)</script>\"'")
        assert "<script>alert" not in page
        assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#x27;") == 2

    def test_it_asks_for_nothing_outside_itself(self) -> None:
        page = self.page()
        assert not re.search(r"https?://|@import|url\(", page)
        told = re.search(r'id="run">(.*?)</script>', page)
        assert told is not None
        run = json.loads(told[1])
        assert run["steps"] == [0, 40]
        assert len(run["images"]) == 4

    def test_every_series_has_its_steps_and_images(self) -> None:
        told = re.search(r'id="run">(.*?)</script>', self.page())
        assert told is not None
        for each in json.loads(told[1])["series"]:
            assert len(each["steps"]) == len(each["frames"]) > 0
            assert {len(frame) for frame in each["frames"]} == {each["probes"]}
            by_image = each["title"] in ("activation of conv0", "activation of features.conv1")
            assert not by_image or each["probes"] == 4
