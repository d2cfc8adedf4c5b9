"""Where the slider of a page stands, and moving it."""

from __future__ import annotations

from playwright.sync_api import Page, expect


def shown_step(page: Page) -> int:
    return int(page.get_attribute("#stage", "data-step") or -1)


def slide(page: Page, index: int, step: int) -> None:
    """Put the slider on the recorded step of this index, and wait until it is painted."""
    page.locator("#slider").fill(str(index))
    expect(page.locator("#stage")).to_have_attribute("data-step", str(step))
