"""A note on a unit, from the gallery."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Show, Visitor
from vizframe.history.memory import MemoryCatalog
from vizframe.testing.runs import fake_run

pytestmark = pytest.mark.browser


def test_a_unit_is_noted_and_found_again(visitor: Visitor, show: Show) -> None:
    url = show(MemoryCatalog({"fake": fake_run(range(0, 30, 10))}))
    page = visitor.open(url, "?run=fake&kind=activation&layer=conv0&unit=5")
    expect(page.locator("#stage")).to_have_attribute("data-step", "20")
    page.keyboard.press("n")
    notes = page.get_by_role("dialog", name="Notes")
    notes.get_by_label("Note", exact=True).fill("<img src=x onerror=alert(1)> edges")
    notes.get_by_label("star").check()
    notes.get_by_role("button", name="Keep the note").click()
    expect(notes.get_by_role("listitem")).to_contain_text("★ conv0 · unit 5")
    expect(notes.get_by_role("listitem")).to_contain_text("<img src=x onerror=alert(1)> edges")
    with page.expect_download() as kept:
        notes.get_by_role("button", name="Export all").click()
    assert kept.value.suggested_filename == "fake-notes.json"
    page.reload()
    page.wait_for_selector("body[data-ready]")
    page.locator("#notes-button").click()
    expect(notes.get_by_label("Note", exact=True)).to_have_value(
        "<img src=x onerror=alert(1)> edges"
    )
