"""Pictures enlarged: by the wheel, by dragging, on the whole screen; units by a slider; play."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.canvas import expect_other_pixels, expect_pixels, pixels
from tests.browser.conftest import Visitor

pytestmark = pytest.mark.browser

MAPS = "?run=fake&kind=activation&layer=conv0"


def zoom_of(page: Page, selector: str) -> float:
    return float(page.get_attribute(selector, "data-zoom") or 1)


def test_the_wheel_zooms_the_large_picture_and_dragging_pans_it(visitor: Visitor, url: str) -> None:
    page = visitor.open(url, f"{MAPS}&step=100&unit=2")
    large = page.locator("#large")
    whole = pixels(page, "#large")
    large.hover(position={"x": 60, "y": 60})
    page.mouse.wheel(0, -400)
    expect(large).to_have_attribute("data-zoom", re.compile(r"^3\."))
    near = expect_other_pixels(page, "#large", whole)
    page.mouse.down()
    page.mouse.move(*centre(page, "#large"))
    page.mouse.up()
    expect_other_pixels(page, "#large", near)
    large.dblclick()
    expect_pixels(page, "#large", whole)


def centre(page: Page, selector: str) -> tuple[float, float]:
    box = page.locator(selector).bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_one_key_shows_the_unit_as_large_as_there_is_room(visitor: Visitor, url: str) -> None:
    page = visitor.open(url, f"{MAPS}&step=100&unit=2")
    page.keyboard.press("z")
    expect(page.locator("#zoom-page h1")).to_have_text("conv0 · unit 2 · step 100")
    page.wait_for_url(re.compile("page=zoom"))
    box = page.locator("#zoom-page canvas").bounding_box()
    assert box is not None
    assert box["height"] > 450
    page.keyboard.press("+")
    expect(page.locator("#zoom-page canvas")).to_have_attribute("data-zoom", "1.50")
    page.keyboard.press("0")
    expect(page.locator("#zoom-page canvas")).to_have_attribute("data-zoom", "1.00")
    page.keyboard.press("ArrowRight")
    page.keyboard.press(".")
    expect(page.locator("#zoom-page h1")).to_have_text("conv0 · unit 3 · step 110")
    page.locator("#zoom-page canvas").hover()
    expect(page.locator("#zoom-page .readout")).to_have_text(re.compile(r"^y 1\d, x 1\d: "))
    page.keyboard.press("Escape")
    expect(page.locator("#stage")).to_be_visible()


def test_a_single_number_is_said_and_not_enlarged(visitor: Visitor, url: str) -> None:
    page = visitor.open(url, "?run=fake&kind=activation&layer=dense0&page=zoom")
    expect(page.locator("#zoom-page .readout")).to_contain_text("a single number")
    expect(page.locator("#zoom-page canvas")).to_be_hidden()


def test_pictures_alone_fill_the_window_until_escape(visitor: Visitor, url: str) -> None:
    page = visitor.open(url, MAPS)
    page.keyboard.press("f")
    for part in ("#topbar", "#side", "#unit"):
        expect(page.locator(part)).to_be_hidden()
    box = page.locator("#stage .gallery").bounding_box()
    assert box is not None
    assert box["width"] > 1200
    page.keyboard.press("Escape")
    expect(page.locator("#topbar")).to_be_visible()
    expect(page.locator("#stage")).to_be_visible()


def test_a_second_slider_goes_over_the_units(visitor: Visitor, url: str) -> None:
    page = visitor.open(url, f"{MAPS}&step=100")
    page.locator("#unit-slider").fill("5")
    expect(page.locator("#unit h2")).to_have_text("conv0 · unit 5")
    expect(page.locator("#unit-slider")).to_have_attribute("aria-valuetext", "unit 5")
    page.keyboard.press("Escape")


def test_play_goes_several_steps_at_a_time(visitor: Visitor, url: str) -> None:
    page = visitor.open(url, f"{MAPS}&step=0")
    page.evaluate("""window.seen = []; window.vizframe.on((viewer, what) => {
      if (what === "painted") window.seen.push(viewer.frame.step); })""")
    page.locator("#stride").select_option("5")
    page.locator("#speed").select_option("60")
    page.locator("#play").click()
    expect(page.locator("#stage")).to_have_attribute("data-step", "190")
    seen = page.evaluate("window.seen.filter((step, i, all) => step !== all[i - 1])")
    assert seen in ([0, 50, 100, 150, 190], [50, 100, 150, 190])


def test_the_wheel_with_control_changes_the_size_of_all(visitor: Visitor, url: str) -> None:
    page = visitor.open(url, MAPS)
    page.locator("#stage .gallery").hover()
    page.keyboard.down("Control")
    page.mouse.wheel(0, -100)
    page.keyboard.up("Control")
    expect(page.locator("#tile-size")).to_have_value("32")
