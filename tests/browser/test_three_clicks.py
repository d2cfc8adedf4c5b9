"""What a person who trains asks, each answered within three clicks or keys from the gallery."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Show, Visitor
from vizframe.history.memory import MemoryCatalog
from vizframe.testing.runs import fake_run

pytestmark = pytest.mark.browser

GALLERY = "?run=fake&kind=activation&layer=conv0&step=100"
MOST = 3


@dataclass
class Hand:
    """Counts clicks, choices and keys; what is typed into a field is a matter of its own."""

    page: Page
    done: int = 0

    def click(self, what: Locator, **options: object) -> None:
        self.done += 1
        what.click(**options)  # type: ignore[arg-type]

    def choose(self, what: Locator, value: str) -> None:
        self.done += 1
        what.select_option(value)

    def press(self, key: str) -> None:
        self.done += 1
        self.page.keyboard.press(key)


@pytest.fixture
def hand(visitor: Visitor, url: str) -> Iterator[Hand]:
    page = visitor.open(url, GALLERY)
    expect(page.locator("#stage")).to_have_attribute("data-step", "100")
    found = Hand(page)
    yield found
    assert found.done <= MOST


def test_which_filters_are_dead(hand: Hand) -> None:
    expect(hand.page.locator("#stage .dead")).to_have_text("1 of 8 dead at this step")
    hand.press("o")
    hand.press("End")
    last = hand.page.locator("#stage .gallery [role=option]").last
    expect(last).to_have_text(re.compile("3"))


def test_what_changed_most_between_two_steps(hand: Hand) -> None:
    hand.click(hand.page.get_by_label("Changed most"))
    expect(hand.page.locator("#order")).to_contain_text("as of step 100")
    hand.press(".")
    hand.click(hand.page.get_by_role("button", name="Sort again"))
    expect(hand.page.locator("#order")).to_contain_text("as of step 110")


def test_when_a_filter_formed(hand: Hand) -> None:
    hand.click(hand.page.get_by_label("Formed first"))
    expect(hand.page.locator("#order")).to_have_attribute("data-step", "100")
    hand.click(hand.page.locator("#stage .gallery"), position={"x": 20, "y": 20})
    expect(hand.page.locator("#unit .formed")).to_contain_text(
        re.compile(r"half of its change was done by step \d+, nine tenths by step \d+")
    )


def test_two_runs_filters_side_by_side(hand: Hand) -> None:
    hand.press("c")
    hand.choose(hand.page.get_by_label("Run to compare with"), "other")
    expect(hand.page.locator(".compared").nth(1)).to_contain_text("run other")


def test_two_runs_curves_over_one_another(hand: Hand) -> None:
    hand.click(hand.page.locator("#pages [data-page=runs]"))
    hand.click(hand.page.get_by_label("Lay other over others"))
    hand.click(hand.page.locator(".runs-tools button"))
    expect(hand.page.locator("#training-page h1")).to_have_text("Training: 2 runs")
    expect(hand.page.locator("#training-page .legendtext").first).to_have_text("fake")


def test_the_same_filters_on_two_images(hand: Hand) -> None:
    hand.press("c")
    hand.choose(hand.page.get_by_label("Probe image to compare with"), "2")
    expect(hand.page.locator(".compared").nth(1)).to_contain_text("probe image 2")


def test_why_an_image_went_wrong(hand: Hand) -> None:
    hand.click(hand.page.locator("#pages [data-page=image]"))
    hand.click(hand.page.locator("#image-page .image-list button").first)
    page = hand.page.locator("#image-page")
    expect(page.locator(".verdict").first).to_be_visible()
    expect(page).to_contain_text("Saliency")
    expect(page.locator(".unit-button").first).to_be_visible()


def test_a_link_is_shared(hand: Hand) -> None:
    hand.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    hand.press("y")
    expect(hand.page.locator("#notice")).to_have_text("Link copied")
    assert "step=100" in hand.page.evaluate("navigator.clipboard.readText()")


def test_a_film_is_exported(hand: Hand) -> None:
    hand.click(hand.page.locator("#export-button"))
    box = hand.page.get_by_role("dialog", name="Export")
    hand.choose(box.get_by_label("What to export"), "gif")
    with hand.page.expect_download() as kept:
        hand.click(box.get_by_role("button", name="Export"))
    assert kept.value.suggested_filename == "fake-activation-conv0.gif"


def test_a_unit_is_noted(visitor: Visitor, show: Show) -> None:
    url = show(MemoryCatalog({"fake": fake_run(range(0, 30, 10))}))
    hand = Hand(visitor.open(url, "?run=fake&kind=activation&layer=conv0"))
    expect(hand.page.locator("#stage")).to_have_attribute("data-step", "20")
    hand.click(hand.page.locator("#stage .gallery"), position={"x": 20, "y": 20})
    hand.press("n")
    notes = hand.page.get_by_role("dialog", name="Notes")
    notes.get_by_label("Note", exact=True).fill("edges")
    hand.click(notes.get_by_role("button", name="Keep the note"))
    expect(notes.get_by_role("listitem")).to_contain_text("conv0 · unit 0")
    assert hand.done <= MOST


def test_a_unit_is_switched_off_and_the_scores_are_seen(visitor: Visitor, what_if_url: str) -> None:
    hand = Hand(visitor.open(what_if_url))
    hand.click(hand.page.locator("#pages [data-page=whatif]"))
    bars = hand.page.locator("#whatif-page .pairs li")
    expect(bars).to_have_count(8)
    gallery = hand.page.locator("#whatif-page .gallery")
    expect(gallery).to_have_attribute("data-grid", re.compile("pitchX"))
    hand.click(gallery, position={"x": 20, "y": 20})
    expect(hand.page.locator(".whatif-list li")).to_contain_text("unit 0: off")
    expect(bars.first).to_contain_text("%")
    assert hand.done <= MOST
