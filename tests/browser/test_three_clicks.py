"""What a person who trains asks, each answered within three clicks or keys from the gallery.

Others are beside what they are of: scores without a unit in test_what_if, a note in test_notes, a
film in test_export, which filters are dead and when one formed in test_order.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visitor

pytestmark = pytest.mark.browser

GALLERY = "?run=fake&kind=activation&layer=conv0&step=100"


@pytest.fixture
def page(visitor: Visitor, url: str) -> Page:
    found = visitor.open(url, GALLERY)
    expect(found.locator("#stage")).to_have_attribute("data-step", "100")
    return found


def test_what_changed_most(page: Page) -> None:
    page.get_by_label("Changed most").click()
    expect(page.locator("#order")).to_have_attribute("data-step", "100")


def test_when_a_filter_formed(page: Page) -> None:
    page.get_by_label("Formed first").click()
    expect(page.locator("#order")).to_have_attribute("data-step", "100")


def test_two_runs_side_by_side(page: Page) -> None:
    page.keyboard.press("c")
    page.get_by_label("Run to compare with").select_option("other")
    expect(page.locator(".compared").nth(1)).to_contain_text("run other")


def test_the_same_filters_on_two_images(page: Page) -> None:
    page.keyboard.press("c")
    page.get_by_label("Probe image to compare with").select_option("2")
    expect(page.locator(".compared").nth(1)).to_contain_text("probe image 2")


def test_why_an_image_went_wrong(page: Page) -> None:
    page.locator("#pages [data-page=image]").click()
    expect(page.locator("#image-page h1")).to_contain_text("mage")


def test_a_link_is_shared(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.keyboard.press("y")
    expect(page.locator("#notice")).to_have_text("Link copied")
    assert "step=100" in page.evaluate("navigator.clipboard.readText()")
