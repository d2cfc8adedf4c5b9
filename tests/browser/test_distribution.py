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
    run = MemoryRun(fake_info(), fake_probe())
    with run.writer() as writer:
        for step in steps:
            values = np.linspace(-1 - step, 1 + step, 65, dtype=np.float32)[None]
            writer.commit(StepRecord(step=step, frames=[(DECLARATION, Frame("conv0", values))]))
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
