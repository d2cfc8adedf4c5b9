"""What is missing, broken, hostile or narrow is said in words, and nothing else breaks."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Show, Visitor, served, visiting
from tests.browser.pages import live_records, step_of
from vizframe.errors import HistoryError
from vizframe.history import History, SeriesKey, Tiles
from vizframe.history.memory import MemoryCatalog, MemoryHistory, MemoryRun
from vizframe.testing.runs import LAYERS, fake_info, fake_probe, fake_run

pytestmark = pytest.mark.browser


def test_no_runs_at_all_say_how_to_record_one(visitor: Visitor, show: Show) -> None:
    page = visitor.open(show(MemoryCatalog({})))
    expect(page.locator("#runs-page")).to_contain_text("There are no runs in the folder yet")
    expect(page.locator("#runs-page pre").first).to_have_text("vizframe record -- train.py")


def test_a_run_still_empty_says_so_and_fills_itself(visitor: Visitor, show: Show) -> None:
    run = MemoryRun(fake_info(), fake_probe())
    page = visitor.open(show(MemoryCatalog({"new": run})))
    expect(page.locator("#stage .message")).to_contain_text("This run is still empty")
    for panel in ("#side", "#unit", "#transport"):
        expect(page.locator(panel)).to_be_hidden()
    with run.writer() as writer:
        writer.commit(next(live_records(time.time())))
    expect(page.locator("#stage")).to_have_attribute("data-step", "0")
    expect(page.locator("#stage .message")).to_be_hidden()
    for panel in ("#side", "#unit", "#transport"):
        expect(page.locator(panel)).to_be_visible()


def test_an_unknown_run_is_named_with_the_known_ones(chromium: Browser, url: str) -> None:
    with visiting(chromium) as visitor:
        visitor.expected = "status of 404"
        page = visitor.open(url, "?run=fakee")
        expect(page.locator("#banner")).to_contain_text("run 'fakee' is not known; it can be")


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("kind=gradcam", "This run has no plugin “gradcam”; it shows activation of conv0."),
        ("kind=deconvolution.pach", "no plugin “deconvolution.pach”; it shows deconvolution of"),
        ("kind=weights&layer=conv7", "This run has no layer “conv7”; it shows weights of conv0."),
    ],
)
def test_a_link_to_what_the_run_has_not_says_what_is_shown_instead(
    visitor: Visitor, url: str, query: str, words: str
) -> None:
    page = visitor.open(url, f"?run=fake&{query}")
    expect(page.locator("#banner")).to_contain_text(words)
    page.locator("#banner button").click()
    expect(page.locator("#stage")).to_have_attribute("data-step", "190")


class BrokenHistory(MemoryHistory):
    """Step 30 cannot be read."""

    def tiles(self, key: SeriesKey, step: int, where: Sequence[int] = ()) -> Tiles:
        if step == 30:
            raise HistoryError("main.s30.h5 is cut short; `vizframe check` says what is sound")
        return super().tiles(key, step, where)

    def faults(self) -> Sequence[str]:
        return ("main.s30.h5 is cut short",)


class BrokenShelf(MemoryCatalog):
    def __init__(self, run: MemoryRun) -> None:
        super().__init__({"broken": run})
        self._broken = BrokenHistory(run)

    def open(self, name: str) -> History:
        return self._broken


def test_a_broken_step_keeps_the_last_good_frame_and_says_why(
    chromium: Browser, run: MemoryRun
) -> None:
    with served(BrokenShelf(run)) as url, visiting(chromium) as visitor:
        visitor.expected = "status of 503"
        page = visitor.open(url, "?kind=activation&layer=conv0&step=100")
        expect(page.locator("#banner")).to_contain_text("Part of this run is not sound")
        page.locator("#slider").fill("3")
        expect(page.locator("#banner")).to_contain_text("Step 30 cannot be shown: main.s30.h5")
        assert step_of(page) == 100
        page.locator("#slider").fill("4")
        expect(page.locator("#stage")).to_have_attribute("data-step", "40")


class TornHistory(MemoryHistory):
    """Unit 0 of step 50 does not have its checksum."""

    def tiles(self, key: SeriesKey, step: int, where: Sequence[int] = ()) -> Tiles:
        found = super().tiles(key, step, where)
        return torn(found, where) if step == 50 else found

    def strip(self, key: SeriesKey, where: Sequence[int], steps: Sequence[int]) -> Tiles:
        found = super().strip(key, where, steps)
        is_torn = np.array([step == 50 and tuple(where)[-1] == 0 for step in steps])
        return replace(found, missing=found.missing | is_torn)


def torn(tiles: Tiles, where: Sequence[int]) -> Tiles:
    if tiles.missing.ndim == 0:
        return replace(tiles, missing=np.asarray(where[-1] == 0))
    missing = tiles.missing.copy()
    missing[..., 0] = True
    return replace(tiles, missing=missing)


class TornShelf(MemoryCatalog):
    def __init__(self, run: MemoryRun) -> None:
        super().__init__({"torn": run})
        self._torn = TornHistory(run)

    def open(self, name: str) -> History:
        return self._torn


def test_damaged_pictures_that_nobody_has_looked_at_are_marked_on_the_slider(
    visitor: Visitor, show: Show, run: MemoryRun
) -> None:
    page = visitor.open(show(TornShelf(run)), "?kind=activation&layer=conv0&step=100&unit=1")
    expect(page.locator(".event.torn")).to_have_attribute(
        "title", f"step 50: {len(fake_probe().images)} pictures damaged on disk"
    )


def test_a_server_that_is_gone_is_said_and_asked_again_when_it_is_back(
    chromium: Browser, url: str
) -> None:
    with visiting(chromium) as visitor:
        visitor.expected = "ERR_INTERNET_DISCONNECTED"
        page = visitor.open(url, "?run=fake&kind=weights&layer=conv0&step=0")
        visitor.context.set_offline(True)
        banner = page.locator("#banner")
        expect(banner).to_contain_text("New steps cannot be looked for: the server does not answer")
        page.keyboard.press("End")
        expect(banner).to_contain_text("Step 190 cannot be shown: the server does not answer")
        visitor.context.set_offline(False)
        expect(page.locator("#stage")).to_have_attribute("data-step", "190")
        expect(banner).to_be_hidden()


def test_a_page_without_what_dash_makes_says_so_and_goes_on(chromium: Browser, url: str) -> None:
    with visiting(chromium) as visitor:
        visitor.expected = "net::ERR_FAILED"
        visitor.page.route("**/_dash-component-suites/**", lambda route: route.abort())
        page = visitor.open(url, "?run=fake&kind=weights&layer=conv0&step=0")
        expect(page.locator("#banner")).to_contain_text("Menus and curves are missing: polyfill")
        page.keyboard.press(".")
        expect(page.locator("#stage")).to_have_attribute("data-step", "10")


def test_names_from_a_run_are_text_and_never_markup(visitor: Visitor, show: Show) -> None:
    evil = "<img src=x onerror=\"document.title='owned'\">"
    layer = LAYERS[0].model_copy(update={"name": evil})
    run = fake_run(range(0, 50, 10), layers=(layer,), name=evil)
    page = visitor.open(show(MemoryCatalog({evil: run})))
    expect(page.locator("#layers .name")).to_have_text(evil)
    for link in page.locator("#pages [data-page]").all():
        link.click()
        page.wait_for_timeout(250)
    assert page.locator("img[src=x]").count() == 0
    assert page.title() != "owned"


def test_the_app_works_under_a_path_prefix(chromium: Browser, run: MemoryRun) -> None:
    with (
        served(MemoryCatalog({"fake": run}), prefix="/viz") as url,
        visiting(chromium) as visitor,
    ):
        assert url.endswith("/viz/")
        page = visitor.open(url, "?kind=weights&layer=conv0")
        expect(page.locator("#stage")).to_have_attribute("data-step", "190")
        page.locator("#kinds [data-kind=activation]").click()
        expect(page.locator("#stage h1")).to_contain_text("Activation")


def test_a_narrow_screen_shows_everything_without_scrolling_sideways(
    chromium: Browser, url: str
) -> None:
    with visiting(chromium, viewport={"width": 390, "height": 800}) as visitor:
        page = visitor.open(url, "?run=fake&kind=activation&layer=conv0&step=100")
        expect(page.locator("#slider")).to_be_in_viewport()
        expect(page.locator("#play")).to_be_in_viewport()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        page.locator("#menu").click()
        page.locator("#kinds [data-kind=weights]").click()
        expect(page.locator("#stage h1")).to_contain_text("Weights")


def test_a_page_that_is_not_there_is_said(visitor: Visitor, url: str) -> None:
    page = visitor.open(url, "?run=fake&page=zzz")
    expect(page.locator("#stage")).to_be_visible()
    expect(page.locator("#banner")).to_contain_text("There is no page “zzz”")
