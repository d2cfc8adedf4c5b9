"""The Runs page lays hyper-parameters beside what came of them."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Show, Visitor
from vizframe.history import StepRecord
from vizframe.history.memory import MemoryCatalog, MemoryRun
from vizframe.testing.runs import fake_info

pytestmark = pytest.mark.browser


def sweep() -> MemoryCatalog:
    runs = {}
    for rate, batch, loss in ((0.001, 8, 2.2), (0.01, 16, 1.1), (0.1, 8, 0.3), (1.0, 16, 2.4)):
        name = f"rate-{rate:g}"
        hyper: dict[str, object] = {"optimizer": "sgd", "learning_rate": rate, "batch": batch}
        run = MemoryRun(fake_info(name).model_copy(update={"id": name, "hyper_parameters": hyper}))
        scalars = {"loss": loss, "accuracy": 1 - loss / 3}
        vitals = {"updates/ratio": rate / 10, "gradients/cosine": 0.2}
        with run.writer() as writer:
            writer.commit(StepRecord(step=1, time=1e9, scalars=scalars | vitals))
        runs[name] = run
    return MemoryCatalog(runs)


def test_hyper_parameters_stand_beside_results_in_words_and_lines(
    visitor: Visitor, show: Show
) -> None:
    page = visitor.open(show(sweep()), "?page=runs", ready=False)
    drawing = page.get_by_role("img", name="4 runs by learning_rate, batch, loss, accuracy")
    expect(drawing.locator("polyline")).to_have_count(4)
    row = page.locator('#runs-page tr[data-name="rate-0.1"]')
    expect(row.locator('[data-cell="update_ratio"]')).to_have_text("0.01")
    expect(row.locator('[data-cell="gradient_cosine"]')).to_have_text("0.2")
    expect(row.locator('[data-cell="findings"]')).to_have_text("none")
    row.hover()
    expect(page.locator('[data-line="rate-0.1"]')).to_have_class("pointed")
    page.get_by_role("searchbox", name="Find a run").fill("rate-0.0")
    expect(page.locator("#parallel svg")).to_have_count(0)
