"""The film page: units down, steps across; and what happened when, on the slider."""

from __future__ import annotations

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.browser.canvas import pixels
from tests.browser.conftest import Visitor

pytestmark = pytest.mark.browser

MAPS = "?run=fake&kind=activation&layer=conv0"


def test_a_unit_formed_where_the_film_says_so(visitor: Visitor, url: str) -> None:
    page = visitor.open(url, f"{MAPS}&step=100&unit=2")
    page.keyboard.press("s")
    expect(page.locator("#sheet-page h1")).to_have_text("conv0 · Activation · 8 units × 20 steps")
    expect(page.locator("#sheet-page p")).to_have_text(
        re.compile(r"^unit 2 at step 100; half of its change was done by step \d+$")
    )
    page.wait_for_url(re.compile("page=sheet"))


def test_a_click_on_the_film_picks_the_unit_and_the_step(visitor: Visitor, url: str) -> None:
    page = visitor.open(url, f"{MAPS}&page=sheet&step=0")
    expect(page.locator(".sheet")).to_have_attribute("data-painted", "20")
    pitch = (1280 - 232) // 20
    page.locator(".sheet").click(position={"x": 92 + 2.4 * pitch, "y": 20 + 1.4 * pitch})
    expect(page.locator("#sheet-page p")).to_contain_text(re.compile(r"^unit 1 at step [12]0"))
    page.keyboard.press("ArrowDown")
    expect(page.locator("#sheet-page p")).to_contain_text("unit 2 at step")
    before = page.locator("#step").input_value()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#step")).not_to_have_value(before)


def test_all_columns_in_sight_are_painted(visitor: Visitor, url: str) -> None:
    page = visitor.open(url, f"{MAPS}&page=sheet")
    expect(page.locator(".sheet")).to_have_attribute("data-painted", "20")
    painted = pixels(page, ".sheet > canvas")[30:60, 100:-30, :3].astype(int)
    assert len(np.unique(painted.reshape(-1, 3), axis=0)) > 20


def test_events_stand_over_the_slider_and_lead_to_their_steps(visitor: Visitor, url: str) -> None:
    page = visitor.open(url, f"{MAPS}&step=0")
    expect(page.locator(".event.epoch")).to_have_count(1)
    expect(page.locator("#events option").nth(1)).to_have_text("step 100: epoch 1 was complete")
    page.locator("#events").select_option(index=1)
    expect(page.locator("#stage")).to_have_attribute("data-step", "100")
    page.keyboard.press("Home")
    page.locator("#stage .gallery").focus()
    page.keyboard.press("v")
    expect(page.locator("#stage")).to_have_attribute("data-step", "100")
    expect(page.locator("#notice")).to_contain_text("epoch 1 was complete")
