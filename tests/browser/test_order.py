"""Units in another order: strongest, changed most, formed first."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.browser.canvas import Grid, Rgb, expect_gallery, painted_with
from tests.browser.conftest import Visitor
from tests.browser.slider import slide
from tests.browser.test_gallery import KERNELS
from vizframe.history import SeriesKey, Tiles
from vizframe.history.memory import MemoryRun
from vizframe.images.colormap import lut
from vizframe.images.limits import common_limits

pytestmark = pytest.mark.browser

STRONGEST = "?run=fake&kind=weights&layer=conv0&scale=step"


def strongest_first(tiles: Tiles, channel: int = 0) -> list[int]:
    """Units by the largest value of their tile, whatever its sign."""
    reach = np.maximum(np.abs(tiles.low[:, channel]), np.abs(tiles.high[:, channel]))
    return [int(unit) for unit in np.argsort(-reach, kind="stable")]


def kernels_in_order(run: MemoryRun, step: int, order: Sequence[int]) -> Rgb:
    """What the gallery of first input channels shall look like, in this order."""
    tiles = run.history().tiles(KERNELS, step)
    low, high, stored = tiles.low[:, 0], tiles.high[:, 0], tiles.stored[:, 0]
    limits = common_limits(low, high, signed=True)
    picked = Tiles(stored, low, high, tiles.nonfinite[:, 0], tiles.missing[:, 0])
    ends = float(limits.low), float(limits.high)
    found: Rgb = painted_with(picked, *ends, lut("signed"), signed=True)[list(order)]
    return found


def test_strongest_first_is_kept_while_the_slider_moves_until_sorted_again(
    visitor: Visitor, url: str, run: MemoryRun
) -> None:
    page = visitor.open(url, f"{STRONGEST}&step=50")
    first = strongest_first(run.history().tiles(KERNELS, 50))
    later = strongest_first(run.history().tiles(KERNELS, 160))
    assert first != sorted(first)
    assert first != later
    page.get_by_label("Strongest first").check()
    expect(page.locator("#order")).to_have_attribute("data-step", "50")
    expect_gallery(page, kernels_in_order(run, 50, first))
    again = page.get_by_role("button", name="Sort again")
    expect(again).to_be_hidden()
    slide(page, 16, 160)
    expect_gallery(page, kernels_in_order(run, 160, first))
    again.click()
    expect(page.locator("#order")).to_have_attribute("data-step", "160")
    expect_gallery(page, kernels_in_order(run, 160, later))
    page.get_by_label("By number").check()
    expect_gallery(page, kernels_in_order(run, 160, range(8)))


def test_a_unit_keeps_its_number_wherever_the_order_puts_it(
    visitor: Visitor, url: str, run: MemoryRun
) -> None:
    page = visitor.open(url, f"{STRONGEST}&step=50&order=strongest")
    expect(page.locator("#order")).to_have_attribute("data-step", "50")
    expect(page.get_by_label("Strongest first")).to_be_checked()
    order = strongest_first(run.history().tiles(KERNELS, 50))
    listed = page.locator("#stage .gallery [role=option]")
    assert [int(each.get_attribute("data-index") or -1) for each in listed.all()] == order
    grid = Grid.of(page)
    second = {"x": grid.pitchX + grid.cell / 2, "y": grid.tall / 2}
    page.locator("#stage .gallery").hover(position=second)  # type: ignore[arg-type]
    expect(page.locator("#stage .readout")).to_contain_text(f"unit {order[1]} ")
    page.locator("#stage .gallery").click(position=second)  # type: ignore[arg-type]
    expect(page).to_have_url(re.compile(f"unit={order[1]}(&|$)"))
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile(f"unit={order[2]}(&|$)"))


def test_the_key_o_sorts_by_the_objective_that_the_plugin_noted(
    visitor: Visitor, url: str, run: MemoryRun
) -> None:
    page = visitor.open(url, "?run=fake&kind=gradient_ascent&layer=features.conv1&step=70")
    page.keyboard.press("o")
    expect(page.locator("#order")).to_have_attribute("data-step", "70")
    expect(page).to_have_url(re.compile("order=strongest"))
    key = SeriesKey(label="gradient_ascent", layer="features.conv1")
    objective = run.history().columns(key, 70)["objective"]
    listed = page.locator("#stage .gallery [role=option]")
    shown = [int(each.get_attribute("data-index") or -1) for each in listed.all()]
    assert shown == [int(unit) for unit in np.argsort(-objective, kind="stable")]
    assert shown != sorted(shown)


def test_what_changed_most_comes_first_with_its_number(visitor: Visitor, url: str) -> None:
    page = visitor.open(url, "?run=fake&kind=weights&layer=conv0&step=100&order=changed")
    expect(page.locator("#order")).to_have_attribute("data-step", "100")
    sent = page.request.get(
        f"{url}api/v1/change?run=fake&kind=weights&layer=conv0&step=100&since=0"
    )
    change = sent.json()["change"]
    wanted = sorted(range(len(change)), key=lambda unit: -change[unit])
    listed = page.locator("#stage [role=option]")
    assert [int(each.get_attribute("data-index") or -1) for each in listed.all()] == wanted
    assert page.evaluate(f"vizframe.labelOf({wanted[0]})") != ""


def test_units_are_sorted_by_when_they_formed(visitor: Visitor, url: str) -> None:
    page = visitor.open(url, "?run=fake&kind=weights&layer=conv0&step=100")
    page.locator("#order label", has_text="Formed first").click()
    expect(page).to_have_url(re.compile("order=formed"))
    page.wait_for_function("vizframe.order.values !== null")
    half = page.request.get(f"{url}api/v1/formed?run=fake&kind=weights&layer=conv0").json()["half"]
    wanted = sorted(range(len(half)), key=lambda unit: half[unit])
    listed = page.locator("#stage [role=option]")
    assert [int(each.get_attribute("data-index") or -1) for each in listed.all()] == wanted
