"""Texts on the page: coloured by one unit over all units × time, with one slider."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Browser, expect

from tests.browser.canvas import expect_other_pixels, painted_with, pixels
from tests.browser.conftest import Visitor, served, visiting
from vizframe.history import SeriesKey
from vizframe.history.memory import MemoryCatalog
from vizframe.images.colormap import lut
from vizframe.testing.text_runs import text_run

pytestmark = pytest.mark.browser

LINES = [f"def f{n}(x):\n" + "    return (x + 1)\n" * 3 for n in range(60)]
TEXTS = (list("".join(LINES)), list("Short (one)."))
RUN = text_run(TEXTS, units=12)
RUN_KEY = SeriesKey(label="recurrent", layer="rnn", part="cell")
CELL = "?run=text&kind=recurrent.cell&layer=rnn"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    runs = {"text": RUN, "words": text_run([["the", "cat", "sat", "on", "it", "."]], heads=2)}
    with served(MemoryCatalog(runs)) as address:
        yield address


def test_a_run_on_texts_opens_on_its_coloured_text(visitor: Visitor, url: str) -> None:
    page = visitor.open(url, "?run=text")
    expect(page.locator("#stage h1")).to_have_text(
        f"rnn · Recurrent · cell · 12 units over {len(TEXTS[0]):,} tokens"
    )
    expect(page.locator("#stage .sequence .text-panel")).to_be_visible()
    assert page.locator("#stage .sequence span").count() == 0, "no element for each token"


def test_a_click_on_a_row_picks_the_unit_and_on_a_token_the_time(
    visitor: Visitor, url: str
) -> None:
    page = visitor.open(url, CELL)
    expect(page.locator("#stage .rows")).to_have_attribute("data-grid", re.compile("tall"))
    grid = page.evaluate("JSON.parse(document.querySelector('#stage .rows').dataset.grid)")
    page.locator("#stage .rows").click(position={"x": 41, "y": 3.5 * grid["tall"]})
    expect(page.locator("#unit h2")).to_have_text("rnn · unit 3")
    page.locator("#stage .sequence .text-panel").click(position={"x": 8, "y": 35})
    expect(page.locator("#stage .sequence .token-facts")).to_contain_text("token 11 “ ” · unit 3")
    page.wait_for_url(re.compile("unit=3.*time=11"))


def test_a_link_restores_the_token_and_what_is_foretold_there(visitor: Visitor, url: str) -> None:
    page = visitor.open(url, f"{CELL}&unit=2&time=2&step=40")
    expect(page.locator("#stage .sequence .token-facts")).to_contain_text("token 2 “f” · unit 2")
    expect(page.locator(".foretold li").first).to_contain_text("“ ”")
    expect(page.locator(".foretold")).to_contain_text("bits")
    expect(page.locator(".foretold .continuation")).to_contain_text("it goes on:")


def test_arrows_go_among_tokens_and_units(visitor: Visitor, url: str) -> None:
    page = visitor.open(url, f"{CELL}&time=4")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#stage .sequence .token-facts")).to_contain_text("token 5 “0”")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#stage .sequence .token-facts")).to_contain_text("unit 1")
    page.keyboard.press("i")
    expect(page.locator("#axes select")).to_have_value("1")
    expect(page.locator("#stage .sequence .text-panel")).to_have_attribute("data-lines", "1")


def test_the_slider_colours_the_same_text_anew(visitor: Visitor, url: str) -> None:
    page = visitor.open(url, f"{CELL}&unit=2&step=0")
    text = "#stage .sequence .text-panel > canvas"
    page.keyboard.press("End")
    expect(page.locator("#stage")).to_have_attribute("data-step", "80")
    late = pixels(page, text)
    page.keyboard.press("Home")
    expect(page.locator("#stage")).to_have_attribute("data-step", "0")
    assert expect_other_pixels(page, text, late).shape == late.shape


def test_every_cell_of_the_units_has_the_colour_of_its_value(visitor: Visitor, url: str) -> None:
    page = visitor.open(url, f"{CELL}&step=80&scale=history")
    rows = page.locator("#stage .rows")
    expect(rows).to_have_attribute("data-grid", re.compile('"cell":1,'))
    page.evaluate("window.vizframe.loadExtent({ grow: false })")
    low, high = page.evaluate("window.vizframe.range.limits")
    painted = pixels(page, "#stage .rows > canvas")
    tall = page.evaluate("JSON.parse(document.querySelector('#stage .rows').dataset.grid).tall")
    tiles = RUN.history().tiles(RUN_KEY, 80, (0,))
    wanted = painted_with(tiles, low, high, lut("signed"), signed=True)
    width = painted.shape[1]
    seen = painted[tall // 2 :: tall][: len(wanted), :, :3]
    assert len(seen) > 8
    np.testing.assert_array_equal(seen, wanted[: len(seen), :width])


def test_a_long_text_is_painted_where_it_is_in_sight(visitor: Visitor, url: str) -> None:
    page = visitor.open(url, CELL)
    panel = page.locator("#stage .sequence .text-panel")
    expect(panel).to_have_attribute("data-painted", re.compile("^0-"))
    panel.evaluate("panel => { panel.scrollTop = 1200 }")
    expect(panel).to_have_attribute("data-painted", re.compile("^6[01]-"))
    tall = panel.locator("canvas").evaluate("canvas => canvas.clientHeight")
    assert tall < 700, "the canvas is as large as what is in sight"


def test_the_film_has_a_line_of_text_per_step(visitor: Visitor, url: str) -> None:
    page = visitor.open(url, f"{CELL}&time=30")
    film = page.locator("#unit .text-film")
    expect(film).to_have_attribute("data-pictures", "5")
    film.locator("canvas").click(position={"x": 100, "y": 27})
    expect(page.locator("#stage")).to_have_attribute("data-step", "20")


def test_texts_are_compared_and_subtracted(visitor: Visitor, url: str) -> None:
    page = visitor.open(url, f"{CELL}&page=compare&time=5")
    sides = page.locator("#compare-page .compared")
    expect(sides).to_have_count(3)
    expect(sides.nth(2).locator(".sequence .text-panel")).to_be_visible()
    expect(sides.nth(2).locator(".side-head")).to_contain_text("(red) to")
    expect(sides.nth(1).locator(".sequence .token-facts")).to_contain_text("token 5")


def test_nothing_calls_a_token_an_image_or_a_time_step_a_unit(visitor: Visitor, url: str) -> None:
    page = visitor.open(url, f"{CELL}&time=5")
    for where in ("gallery", "unit", "compare", "training", "network", "runs"):
        page.evaluate("page => window.vizframe.choose({ page })", where)
        expect(page.locator("body")).to_have_attribute("data-showing", where)
        shown = page.locator("#main").inner_text().lower() + page.locator("#side").inner_text()
        assert not re.search(r"\bimages?\b", shown), where
        assert "1,068 units" not in shown
    expect(page.locator("[data-page=image]")).to_be_hidden()


def test_words_stand_apart_and_have_their_own_places(visitor: Visitor, url: str) -> None:
    page = visitor.open(url, "?run=words&time=1")
    expect(page.locator("#stage .sequence .token-facts")).to_contain_text("token 1 “cat”")
    expect(page.locator("#stage .sequence .token-facts")).to_contain_text("the [cat] sat")


def test_a_head_s_text_says_where_the_chosen_token_looks(visitor: Visitor, url: str) -> None:
    page = visitor.open(url, "?run=words&kind=attention&layer=attend&time=3")
    expect(page.locator("#stage h1")).to_have_text("attend · Attention · 2 heads of 6×6")
    said = page.locator(".attention .looks")
    expect(said).to_contain_text("head 0: token 3 “on” looks most at token 2 “sat”")
    page.locator("#stage .gallery").focus()
    page.keyboard.press("ArrowRight")
    expect(said).to_contain_text("head 1: token 3 “on” looks most at token 1 “cat”")
    page.locator(".attention .text-panel").click(position={"x": 6, "y": 12})
    expect(said).to_contain_text("token 0 “the” looks most at token 0")


def test_a_head_s_arcs_go_from_the_chosen_token_to_those_that_it_looks_at(
    visitor: Visitor, url: str
) -> None:
    page = visitor.open(url, "?run=words&kind=attention&layer=attend&time=3")
    page.get_by_label("Arcs", exact=True).check()
    arcs = page.locator(".attention .arcs")
    expect(arcs).to_have_attribute("data-painted", "0-6")
    expect(page.locator(".attention .text-panel")).to_be_hidden()
    assert int(arcs.get_attribute("data-arcs") or 0) >= 6
    painted = pixels(page, ".attention .arcs > canvas")
    arcs.click(position={"x": 12, "y": arcs.evaluate("arcs => arcs.clientHeight - 8")})
    expect(page.locator(".attention .looks")).to_contain_text("token 0 “the”")
    expect(arcs).to_have_attribute("data-painted", "0-6")
    expect_other_pixels(page, ".attention .arcs > canvas", painted)
    page.get_by_label("Text", exact=True).check()
    expect(arcs).to_be_hidden()


@pytest.mark.parametrize("asks", ["live", "whatif"])
def test_a_page_that_asks_with_pictures_says_so_of_a_run_of_texts(
    visitor: Visitor, url: str, asks: str
) -> None:
    page = visitor.open(url, f"?run=text&page={asks}")
    expect(page.locator(f"#{asks}-page [role=status]").first).to_contain_text(
        "This run was recorded on texts."
    )
    expect(page.locator(f"#{asks}-page pre")).to_have_text("")


def test_the_text_is_there_for_those_who_hear_the_page(visitor: Visitor, url: str) -> None:
    page = visitor.open(url, f"{CELL}&i=0&time=3")
    expect(page.locator(".sequence p").first).to_contain_text("The text: def f0(x):⏎")
    expect(page.locator("#stage .rows [role=option]")).to_have_count(12)
    expect(page.locator("#stage .sequence .token-facts")).to_have_attribute("role", "status")


def test_a_phone_shows_the_text_above_the_units(chromium: Browser, url: str) -> None:
    with visiting(chromium, viewport={"width": 360, "height": 740}) as visitor:
        page = visitor.open(url, CELL)
        expect(page.locator("#stage .sequence .text-panel")).to_be_visible()
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 360
        bottom = page.locator("#stage .sequence .text-panel").bounding_box()
        assert bottom is not None
        assert bottom["height"] < 400
