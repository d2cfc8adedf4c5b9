"""A distribution is drawn as bands over the steps; a click on them moves the slider."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Show, Visitor
from vizframe.history import Declaration, SeriesKey, StepRecord
from vizframe.history.memory import MemoryCatalog, MemoryRun
from vizframe.plugin.frame import Frame
from vizframe.testing.runs import fake_info, fake_probe

pytestmark = pytest.mark.browser

DECLARATION = Declaration(
    key=SeriesKey(label="histograms", layer="conv0"),
    plugin="histograms",
    help="How values are distributed.",
    title="weights",
    axes=("layer", "quantile"),
    tile_shape=(1,),
    picture_shape=(65,),
    signed=True,
    draw="distribution",
    encoding="float16",
)


def widening_run(steps: Sequence[int]) -> MemoryRun:
    """Two layers: from −1 − step to 1 + step, and a tenth of that."""
    run = MemoryRun(fake_info(), fake_probe())
    key = DECLARATION.key.model_copy(update={"layer": "dense0"})
    other = DECLARATION.model_copy(update={"key": key})
    with run.writer() as writer:
        for step in steps:
            values = np.linspace(-1 - step, 1 + step, 65, dtype=np.float32)[None]
            frames = [(DECLARATION, Frame("conv0", values)), (other, Frame("dense0", values / 10))]
            writer.commit(StepRecord(step=step, frames=frames))
    return run


def test_a_click_on_the_bands_goes_to_that_step(visitor: Visitor, show: Show) -> None:
    address = show(MemoryCatalog({"wide": widening_run(range(0, 101, 10))}))
    page = visitor.open(address, "?run=wide&kind=histograms&layer=conv0&step=0")
    facts = page.locator("#stage .distribution .token-facts").first
    expect(facts).to_contain_text("step 0: median 0")
    expect(facts).to_contain_text("nearly all from −1 to 1")
    bands = page.locator("#stage .distribution .bands").first
    expect(page.get_by_role("img", name="nearly all from −1 to 1")).to_be_visible()
    box = bands.bounding_box()
    assert box is not None
    bands.click(position={"x": box["width"] - 5, "y": box["height"] / 2})
    expect(facts).to_contain_text("step 100")
    expect(facts).to_contain_text("nearly all from −101 to 101")
    expect(page.locator("#unit canvas").first).to_be_hidden()
    page.keyboard.press("Enter")
    whole = page.locator("#unit-page .distribution")
    expect(whole.locator(".token-facts")).to_contain_text("nearly all from −101 to 101")
    expect(page.locator("#unit-page h1")).to_have_text("conv0 · step 100")
    expect(page.locator("#unit-page .cards")).to_be_hidden()


def test_the_film_of_a_distribution_has_a_row_of_bands_per_layer(
    visitor: Visitor, show: Show
) -> None:
    address = show(MemoryCatalog({"wide": widening_run(range(0, 101, 10))}))
    page = visitor.open(address, "?run=wide&kind=histograms&layer=conv0&step=0&page=sheet")
    expect(page.locator("#sheet-page h1")).to_have_text("Histograms · 2 layers × 11 steps")
    rows = page.locator("#sheet-page .layer-row")
    expect(rows).to_have_count(2)
    expect(page.locator("#sheet-page .sheet")).to_be_hidden()
    said = page.locator("#sheet-page [role=status]")
    expect(said).to_contain_text("conv0 · step 0: median 0")
    bands = rows.nth(1).get_by_role("img", name="nearly all from −0.1 to 0.1")
    box = bands.bounding_box()
    assert box is not None
    bands.click(position={"x": box["width"] - 6, "y": box["height"] / 3})
    expect(said).to_contain_text("dense0 · step 100")
    expect(said).to_contain_text("nearly all from −10.1 to 10.1")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowLeft")
    expect(said).to_contain_text("conv0 · step 90")
    assert [each["chosen"] for each in rows.evaluate_all(CHOSEN)] == ["true", None]


CHOSEN = """(rows) => rows.map((row) => ({
    chosen: row.querySelector("button").getAttribute("aria-current") }))"""


def test_two_distributions_are_compared_on_one_axis(visitor: Visitor, show: Show) -> None:
    address = show(MemoryCatalog({"wide": widening_run(range(0, 101, 10))}))
    page = visitor.open(address, "?run=wide&kind=histograms&layer=conv0&step=10&page=compare")
    over = page.locator("#compare-page .overlaid .token-facts")
    expect(over).to_have_text(
        "median of A +0 from B's; the middle half of A's values is 11 × as wide as B's"
    )
    sides = page.locator("#compare-page .compared .distribution:not(.overlaid) .token-facts")
    expect(sides.nth(0)).to_contain_text("step 10: median 0")
    expect(sides.nth(1)).to_contain_text("step 0: median 0")
    page.keyboard.press(".")
    expect(over).to_contain_text("21 × as wide")
    bands = page.locator("#compare-page .b .bands")
    box = bands.bounding_box()
    assert box is not None
    bands.click(position={"x": box["width"] - 6, "y": box["height"] / 3})
    expect(sides.nth(1)).to_contain_text("step 100")
    expect(sides.nth(0)).to_contain_text("step 20")
