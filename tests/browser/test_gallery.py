"""The gallery and its slider, as a person uses them."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence

import numpy as np
import pytest
from playwright.sync_api import Browser, expect

from tests.browser.canvas import (
    Grid,
    expect_gallery,
    expect_other_pixels,
    gallery,
    painted_with,
    pixels,
)
from tests.browser.conftest import Show, Visitor, visiting
from tests.browser.slider import shown_step, slide
from vizframe.history import History, SeriesKey, StepRecord, Tiles
from vizframe.history.memory import MemoryCatalog, MemoryHistory, MemoryRun
from vizframe.images.colormap import lut
from vizframe.images.limits import common_limits, own_limits
from vizframe.plugin.frame import Frame
from vizframe.testing.runs import DEAD_UNIT, LAYERS, declare, fake_info, fake_probe, fake_run

pytestmark = pytest.mark.browser


MAPS = SeriesKey(label="activation", layer="conv0")


KERNELS = SeriesKey(label="weights", layer="conv0")

GALLERY = "#stage .gallery canvas"


@pytest.mark.parametrize("index", [0, 7, 19])
def test_the_slider_paints_every_pixel_of_its_step(
    visitor: Visitor, url: str, run: MemoryRun, index: int
) -> None:
    page = visitor.open(url, "?run=fake&kind=activation&layer=conv0&scale=step&at.probe=2")
    slide(page, index, 10 * index)
    tiles = run.history().tiles(MAPS, 10 * index, (2,))
    limits = common_limits(tiles.low, tiles.high, signed=False)
    wanted = painted_with(
        tiles, float(limits.low), float(limits.high), lut("perceptual"), signed=False
    )
    alive = np.arange(8) != DEAD_UNIT
    expect_gallery(page, wanted, alive)


def test_signed_kernels_are_painted_about_zero_in_the_dark(
    chromium: Browser, url: str, run: MemoryRun
) -> None:
    with visiting(chromium, color_scheme="dark") as visitor:
        page = visitor.open(url, "?run=fake&kind=weights&layer=conv0&scale=step&step=50")
        tiles = run.history().tiles(KERNELS, 50)
        low, high, stored = tiles.low[:, 0], tiles.high[:, 0], tiles.stored[:, 0]
        limits = common_limits(low, high, signed=True)
        picked = type(tiles)(stored, low, high, tiles.nonfinite[:, 0], tiles.missing[:, 0])
        table = lut("signed-dark")
        wanted = painted_with(picked, float(limits.low), float(limits.high), table, signed=True)
        expect_gallery(page, wanted)


def test_each_unit_on_its_own_scale_uses_all_colours(
    visitor: Visitor, url: str, run: MemoryRun
) -> None:
    page = visitor.open(url, "?run=fake&kind=activation&layer=conv0&scale=unit&step=30")
    tiles = run.history().tiles(MAPS, 30, (0,))
    limits = own_limits(tiles.low, tiles.high, signed=False)
    wanted = np.zeros((8, 24, 24, 3), np.uint8)
    for unit in (0, 1, 2):
        of_unit = (tiles.stored[unit : unit + 1], tiles.low[unit : unit + 1])
        one = type(tiles)(
            *of_unit, tiles.high[unit : unit + 1], tiles.nonfinite[:1], tiles.missing[:1]
        )
        ends = float(limits.low[unit]), float(limits.high[unit])
        wanted[unit] = painted_with(one, *ends, lut("perceptual"), signed=False)[0]
    expect_gallery(page, wanted, np.arange(8) < 3)


def test_a_dead_unit_has_an_orange_corner(visitor: Visitor, url: str) -> None:
    page = visitor.open(url, "?run=fake&kind=activation&layer=conv0&step=30")
    grid = Grid.of(page)
    row, column = divmod(DEAD_UNIT, grid.columns)
    x, y = int(column * grid.pitchX + grid.cell) - 2, int(row * grid.pitchY) + 1
    assert tuple(pixels(page, GALLERY)[y, x, :3]) == (230, 159, 0)


def test_pictures_in_colour_are_shown_as_they_are(
    visitor: Visitor, url: str, run: MemoryRun
) -> None:
    page = visitor.open(url, "?run=fake&kind=gradient_ascent&layer=features.conv1&step=70")
    key = SeriesKey(label="gradient_ascent", layer="features.conv1")
    stored = run.history().tiles(key, 70).stored
    alive = np.arange(16) != DEAD_UNIT
    expect_gallery(page, np.asarray(stored, np.uint8), alive)
    expect(page.locator("#scale")).to_contain_text("shown as they are")


def test_what_the_network_says_of_an_image_stands_under_its_saliency(
    visitor: Visitor, url: str, run: MemoryRun
) -> None:
    page = visitor.open(url, "?run=fake&kind=saliency&layer=conv0&step=70&unit=3")
    for step in (70, 190):
        page.locator("#slider").fill(str(step // 10))
        columns = MemoryHistory(run).columns(SeriesKey(label="saliency", layer="conv0"), step)
        found, score = int(columns["class"][3]), float(columns["score"][3])
        page.wait_for_function(
            "(words) => window.vizframe.labelOf(3) === words",
            arg=f"class 3 → class {found} · {score:.3g}",
        )
        expect(page.locator("#unit .number").first).to_have_text(f"Classclass {found}")


def test_saliency_lies_over_its_image_and_opacity_takes_it_away(
    visitor: Visitor, url: str, run: MemoryRun
) -> None:
    page = visitor.open(url, "?run=fake&kind=saliency&layer=conv0&step=70")
    probe = run.history().probe
    assert probe is not None
    pictures = np.moveaxis(probe.normalization.to_picture(probe.images), 1, -1)
    bare = np.rint(pictures * 255).astype(np.uint8)
    assert (gallery(page, 4, 24, 24) != bare).any()
    page.locator("#opacity").fill("0")
    expect_gallery(page, bare)


def test_play_goes_on_to_the_last_step_and_leaves_none_out(visitor: Visitor, url: str) -> None:
    page = visitor.open(url, "?run=fake&kind=activation&layer=conv0&step=130")
    page.evaluate(
        """() => { window.seen = []; new MutationObserver(() =>
             window.seen.push(Number(document.querySelector("#stage").dataset.step)))
             .observe(document.querySelector("#stage"), { attributeFilter: ["data-step"] }); }"""
    )
    page.locator("#speed").select_option("20")
    page.locator("#play").click()
    expect(page.locator("#play")).to_have_attribute("aria-label", re.compile("Pause"))
    expect(page.locator("#stage")).to_have_attribute("data-step", "190")
    expect(page.locator("#play")).to_have_attribute("aria-label", re.compile("Play"))
    assert page.evaluate("window.seen") == [140, 150, 160, 170, 180, 190]


class SlowHistory(MemoryHistory):
    """A disk far away."""

    def tiles(self, key: SeriesKey, step: int, where: Sequence[int] = ()) -> Tiles:
        time.sleep(0.06)
        return super().tiles(key, step, where)


class SlowShelf(MemoryCatalog):
    def __init__(self, run: MemoryRun) -> None:
        super().__init__({"slow": run})
        self._slow = SlowHistory(run)

    def open(self, name: str) -> History:
        return self._slow


def test_a_drag_over_a_slow_line_shows_steps_on_its_way(visitor: Visitor, show: Show) -> None:
    """Were the frame that is waited for given up at each move, nothing would show until the end,
    however long the handle is drawn to and fro."""
    page = visitor.open(
        show(SlowShelf(fake_run(range(0, 400, 10)))), "?kind=activation&layer=features.conv1&step=0"
    )
    seen = set()
    for move in range(400):
        page.locator("#slider").fill(str(39 - abs(39 - move % 78)))
        page.wait_for_timeout(30)
        seen.add(shown_step(page))
        if len(seen) >= 8:
            break
    assert len(seen) >= 8, seen
    page.locator("#slider").fill("39")
    expect(page.locator("#stage")).to_have_attribute("data-step", "390")


def test_a_step_that_was_seen_is_not_fetched_again(visitor: Visitor, url: str) -> None:
    page = visitor.open(url, "?run=fake&kind=activation&layer=conv0&step=100")
    page.wait_for_load_state("networkidle")
    slide(page, 11, 110)
    page.wait_for_timeout(300)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    slide(page, 10, 100)
    assert [each for each in asked if "step=100" in each] == []


def test_a_click_opens_the_unit_beside_the_gallery(
    visitor: Visitor, url: str, run: MemoryRun
) -> None:
    page = visitor.open(url, "?run=fake&kind=gradient_ascent&layer=features.conv1&step=70")
    grid = Grid.of(page)
    page.locator("#stage .gallery").click(
        position={"x": grid.pitchX * 2 + 20, "y": grid.pitchY + 20}
    )
    unit = grid.columns + 2
    expect(page.locator("#unit h2")).to_have_text(f"features.conv1 · unit {unit}")
    expect(page.locator("#unit .numbers")).to_contain_text("Objective")
    large = pixels(page, "#large")
    stored = (
        run.history()
        .tiles(SeriesKey(label="gradient_ascent", layer="features.conv1"), 70)
        .stored[unit]
    )
    times = large.shape[0] // 12
    np.testing.assert_array_equal(large[times // 2 :: times, times // 2 :: times, :3], stored)


def test_the_film_strip_shows_every_step_and_a_click_goes_there(
    visitor: Visitor, url: str, run: MemoryRun
) -> None:
    page = visitor.open(url, "?run=fake&kind=gradient_ascent&layer=features.conv1&step=0&unit=4")
    film = page.locator("#unit .film canvas")
    expect(page.locator("#unit .film")).to_have_attribute("data-pictures", "20")
    history = run.history()
    key = SeriesKey(label="gradient_ascent", layer="features.conv1")
    frames = history.strip(key, (4,), history.series_steps(key)).stored
    strip = pixels(page, "#unit .film canvas")
    pitch, cell = 51, 48
    for number in (1, 8, 19):
        x = 2 + number * pitch
        tile = strip[2 + 2 : 2 + cell : 4, x + 2 : x + cell : 4, :3]
        np.testing.assert_array_equal(tile, frames[number])
    film.click(position={"x": 2 + 3 * pitch + 10, "y": 20})
    expect(page.locator("#stage")).to_have_attribute("data-step", "30")


def test_a_double_click_opens_the_page_of_the_unit(visitor: Visitor, url: str) -> None:
    page = visitor.open(url, "?run=fake&kind=activation&layer=conv0&step=50")
    page.locator("#stage .gallery").dblclick(position={"x": 20, "y": 20})
    expect(page.locator("#unit-page h1")).to_have_text("conv0 · unit 0 · step 50")
    cards = page.locator("#unit-page .cards .card")
    expect(cards).to_have_count(5)
    expect(page.locator("#unit-page .film.wall canvas")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#stage")).to_be_visible()


def test_the_pointer_reads_real_values(visitor: Visitor, url: str, run: MemoryRun) -> None:
    page = visitor.open(url, "?run=fake&kind=weights&layer=conv0&step=50")
    grid = Grid.of(page)
    step = grid.cell / 5
    page.locator("#stage .gallery").hover(position={"x": grid.pitchX + 3.5 * step, "y": 1.5 * step})
    value = float(run.history().tiles(KERNELS, 50).values()[1, 0, 1, 3])
    expect(page.locator("#stage .readout")).to_contain_text("unit 1 · y 1, x 3")
    said = (page.locator("#stage .readout").text_content() or "").rsplit("· ", 1)[1]
    assert float(said.replace("−", "-")) == pytest.approx(value, rel=0.01)


def test_a_plugin_and_a_layer_are_chosen_by_click(visitor: Visitor, url: str) -> None:
    page = visitor.open(url, "?run=fake&kind=activation&layer=conv0&step=50")
    page.locator("#kinds [data-kind=weights]").click()
    expect(page.locator("#stage h1")).to_have_text("conv0 · Weights · 8 units of 5×5")
    page.locator("#layers [data-layer='features.conv1']").click()
    expect(page.locator("#stage h1")).to_have_text("features.conv1 · Weights · 16 units of 3×3")
    expect(page.locator("#layers [aria-pressed=true]")).to_have_text("features.conv116 × 3²")
    assert shown_step(page) == 50


def test_a_dense_layer_is_shown_as_bars(visitor: Visitor, url: str) -> None:
    page = visitor.open(url, "?run=fake&kind=activation&layer=dense0&step=50")
    expect(page.locator("#stage h1")).to_have_text("dense0 · Activation · 10 units")
    painted = pixels(page, GALLERY)
    blue = (painted[..., :3] == (0x21, 0x66, 0xAC)).all(-1)
    red = (painted[..., :3] == (0xB2, 0x18, 0x2B)).all(-1)
    assert blue.sum() > 500
    assert red.sum() > 500


def test_a_click_on_the_curves_puts_the_slider_there(visitor: Visitor, url: str) -> None:
    page = visitor.open(url, "?run=fake&kind=activation&layer=conv0&step=0")
    box = page.locator(".curves").bounding_box()
    assert box is not None
    page.locator(".curves").click(position={"x": box["width"] * 0.5, "y": 20})
    expect(page.locator("#stage")).to_have_attribute("data-step", re.compile("^(90|100)$"))
    expect(page.locator(".legend")).to_contain_text("loss")


def test_another_probe_image_is_another_gallery(visitor: Visitor, url: str) -> None:
    page = visitor.open(url, "?run=fake&kind=activation&layer=conv0&step=50")
    before = pixels(page, GALLERY)
    page.locator("#axes .thumb").nth(2).click()
    expect(page.locator("#axes")).to_contain_text("class 2")
    expect(page.locator("#stage")).to_have_attribute("data-url", re.compile("at=2%2C"))
    expect_other_pixels(page, GALLERY, before)


def test_the_step_can_be_typed_and_the_nearest_recorded_one_is_shown(
    visitor: Visitor, url: str
) -> None:
    page = visitor.open(url, "?run=fake&kind=activation&layer=conv0&step=50")
    page.locator("#step").fill("123")
    page.locator("#step").press("Enter")
    expect(page.locator("#stage")).to_have_attribute("data-step", "120")


def test_large_maps_shown_small_are_means_of_their_values(visitor: Visitor, show: Show) -> None:
    """96 pixels on 32: each pixel on the screen is the mean of 3 × 3 stored ones."""
    large = LAYERS[0].model_copy(update={"shape": (12, 96, 96), "units": 12})
    run = fake_run(range(0, 20, 10), layers=(large,))
    page = visitor.open(show(MemoryCatalog({"large": run})), "?kind=activation&scale=step&step=10")
    page.locator("#tile-size").select_option("32")
    tiles = run.history().tiles(MAPS, 10, (0,))
    sums = tiles.stored.reshape(12, 32, 3, 32, 3).sum((2, 4), dtype=np.int64)
    means = ((sums + 4.5) / 9).astype(np.uint8)
    small = Tiles(means, tiles.low, tiles.high, tiles.nonfinite, tiles.missing)
    limits = common_limits(tiles.low, tiles.high, signed=False)
    ends = float(limits.low), float(limits.high)
    wanted = painted_with(small, *ends, lut("perceptual"), signed=False)
    expect_gallery(page, wanted, np.arange(12) != DEAD_UNIT)


def test_values_that_are_no_numbers_are_marked_and_spoil_no_other(
    visitor: Visitor, show: Show
) -> None:
    """Unit 0 is sound, one place of unit 1 is NaN, and unit 2 is NaN altogether."""
    key = SeriesKey(label="activation", layer="conv0")
    shape = (3, 6, 6)
    values = np.linspace(0, 1, 108, dtype=np.float32).reshape(shape)
    values[1, 2, 3] = values[2] = np.nan
    run = MemoryRun(fake_info("sick"), fake_probe())
    with run.writer() as writer:
        frames = [(declare(key, ("unit", "y", "x"), shape), Frame("conv0", values))]
        writer.commit(StepRecord(step=0, frames=frames, time=1.0))
    page = visitor.open(show(MemoryCatalog({"sick": run})), "?run=sick&scale=unit")
    painted, magenta = gallery(page, 3, 6, 6), (216, 0, 216)
    marked = (painted == magenta).all(-1)
    marked[:, 0, 5] = False  # where the corner of a marked tile is
    assert not marked[0].any()
    assert np.argwhere(marked[1]).tolist() == [[2, 3]]
    assert marked[2].sum() == 35
    np.testing.assert_array_equal(painted[0, 0, 0], lut("perceptual")[0])
    np.testing.assert_array_equal(painted[0, 5, 5], lut("perceptual")[255])
    page.keyboard.press("ArrowRight")
    expect(page.locator("#unit")).to_contain_text("values that are no numbers (NaN or infinite)")
