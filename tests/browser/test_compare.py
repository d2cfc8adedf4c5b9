"""Two steps, runs and images beside one another."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visitor

pytestmark = pytest.mark.browser


def test_two_steps_are_compared_on_one_slider(visitor: Visitor, url: str) -> None:
    page = visitor.open(
        url, "?run=fake&kind=activation&layer=conv0&step=100&page=compare&beside=30"
    )
    expect(page.get_by_label("Step to compare with")).to_have_value("30")
    words = page.locator(".compared").nth(2).locator(".side-head")
    expect(words).to_contain_text("from −")
    before = words.text_content()
    page.locator("#slider").fill("15")
    expect(page.locator(".compared").nth(0)).to_contain_text("step 150")
    expect(words).not_to_have_text(before or "")


def test_two_runs_are_compared(visitor: Visitor, url: str) -> None:
    page = visitor.open(url, "?run=fake&kind=activation&layer=conv0&step=100&page=compare")
    page.get_by_label("Run to compare with").select_option("other")
    expect(page.get_by_label("Which step of it")).to_have_value("same")
    expect(page.locator(".compared").nth(1)).to_contain_text("step 90 · run other")


def test_two_images_are_compared_and_not_subtracted(visitor: Visitor, url: str) -> None:
    page = visitor.open(url, "?run=fake&kind=activation&layer=conv0&step=100&page=compare")
    page.get_by_label("Probe image to compare with").select_option("2")
    expect(page.locator(".compared").nth(1)).to_contain_text("step 100 · probe image 2")
    expect(page.locator(".compared").nth(2)).to_contain_text("Not subtracted")
    expect(page).to_have_url(re.compile(r"besideat\.probe=2"))


def test_b_can_stay_some_steps_behind(visitor: Visitor, url: str) -> None:
    page = visitor.open(url, "?run=fake&kind=activation&layer=conv0&step=100&page=compare")
    page.get_by_label("Which step of it").select_option("offset")
    page.get_by_label("Step to compare with").fill("-3")
    page.get_by_label("Step to compare with").press("Enter")
    expect(page.locator(".compared").nth(1)).to_contain_text("step 70")
    page.locator("#slider").fill("15")
    expect(page.locator(".compared").nth(1)).to_contain_text("step 120")


@pytest.mark.parametrize("view", ["Swipe", "Blink"])
def test_b_can_lie_over_a(view: str, visitor: Visitor, url: str) -> None:
    page = visitor.open(url, "?run=fake&kind=activation&layer=conv0&step=100&page=compare")
    page.locator(".views label", has_text=view).click()
    expect(page.locator(".compared.d")).to_be_hidden()
    a, b = (page.locator(f".compared.{side} .gallery").bounding_box() for side in "ab")
    assert a == b


def test_units_of_two_runs_are_matched(visitor: Visitor, url: str) -> None:
    page = visitor.open(
        url, "?run=fake&kind=activation&layer=conv0&step=100&page=compare&with=other&beside=same"
    )
    page.get_by_label("Which unit of B").select_option("activation")
    expect(page.locator("#pairs")).to_contain_text("pairs")
    expect(page.locator("#pairs")).to_contain_text("without a counterpart: 1, 3 of A")  # NaN, dead
    page.get_by_label("Which unit of B").select_option("")
    expect(page.locator("#pairs")).to_have_text("")
