"""A finding leads to its step, its layer and its units; dead units are counted over the gallery."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Show, Visitor
from tests.browser.slider import shown_step
from vizframe.history import Finding, StepRecord
from vizframe.history.memory import MemoryCatalog, MemoryRun
from vizframe.testing.runs import fake_info, fake_probe, records

pytestmark = pytest.mark.browser

FINDING = Finding(
    rule="dead_relu",
    symptom="dead_relu",
    severity="alarm",
    since=20,
    step=30,
    sentence="2 of 8 units of conv0 are silent",
    layers=("conv0",),
    units={"conv0": (1, 3)},
)


def sick_run() -> MemoryRun:
    run = MemoryRun(fake_info(), fake_probe())
    with run.writer() as writer:
        for record in records(range(0, 41, 10)):
            writer.commit(with_dead_units(record))
    return run


def with_dead_units(record: StepRecord) -> StepRecord:
    """Units 1 and 3 of the activations of conv0 are zero everywhere; the last record says so."""
    frames = []
    for declaration, frame in record.frames:
        if declaration.key.kind == "activation" and declaration.key.layer == "conv0":
            values = np.array(frame.values, np.float32)
            values[:, [1, 3]] = 0
            frame = replace(frame, values=values)
        frames.append((declaration, frame))
    found = (FINDING,) if record.step == 40 else ()
    scalars = {**record.scalars, "gradient_norm/conv0": 1.0, "gradient_norm/conv1": 2.0}
    return replace(record, frames=frames, findings=found, scalars=scalars)


def test_a_finding_leads_to_the_units_that_it_means(visitor: Visitor, show: Show) -> None:
    page = visitor.open(show(MemoryCatalog({"sick": sick_run()})), "?run=sick&page=training")
    page.get_by_role("button", name="Show layer conv0").click()
    expect(page.locator("#stage h1")).to_contain_text("Activation")
    expect(page.locator(".stage-head .badge-mark.dead")).to_have_text("2 of 8 dead at this step")
    assert shown_step(page) == 20
    expect(page).to_have_url(re.compile("unit=1"))
    page.locator('[data-page="network"]').click()
    colour = page.get_by_role("button", name="gradient norm")
    colour.click()
    expect(colour).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#network-page th").filter(has_text="Gradient norm")).to_be_visible()
