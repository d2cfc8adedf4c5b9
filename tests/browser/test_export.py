"""What the page exports: a film in three clicks, and one page that needs no server."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Visitor, visiting
from vizframe.history import RunInfo, StepRecord
from vizframe.history.memory import MemoryRun
from vizframe.images.album import album
from vizframe.images.colormap import lut
from vizframe.images.film import Look
from vizframe.plugin import ignore_progress
from vizframe.plugin.frame import Frame
from vizframe.plugins.activation import Activation
from vizframe.recording.declare import declaration
from vizframe.testing.runs import fake_info, fake_probe

pytestmark = pytest.mark.browser

PIXEL = "c => [...c.getContext('2d').getImageData(30, 30, 1, 1).data]"
HOSTILE = "</script><img src=x onerror=alert(1)>"


def test_a_film_in_three_clicks(visitor: Visitor, url: str) -> None:
    page = visitor.open(url, "?run=fake&kind=weights&layer=conv0")
    page.locator("#export-button").click()
    box = page.get_by_role("dialog", name="Export")
    box.get_by_label("What to export").select_option("gif")
    with page.expect_download() as kept:
        box.get_by_role("button", name="Export").click()
    assert kept.value.suggested_filename == "fake-weights-conv0.gif"
    expect(box.get_by_role("status")).to_contain_text("MB")


def maps(step: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Of image i and unit u: flat, 0.1 · (i + 1) at step 0, and twice that at step 10; unit 1 is
    dead."""
    found = np.zeros((4, 2, 6, 6), np.float32)
    found[:, 0] = np.arange(1, 5).reshape(4, 1, 1) * (0.1 if step == 0 else 0.2)
    found[:, 0, 0, 0] = 0
    return found


def exported(tmp_path: Path, info: RunInfo) -> str:
    run = MemoryRun(info, fake_probe())
    plugin = Activation()
    with run.writer() as writer:
        for step in (0, 10):
            frame = Frame("conv0", maps(step), signed=False)
            writer.commit(
                StepRecord(step=step, frames=[(declaration("activation", plugin, frame), frame)])
            )
    history = run.history()
    page = album(history, list(history.declarations), [0, 10], Look(), ignore_progress)
    (tmp_path / "run.html").write_text(page, encoding="utf-8")
    return (tmp_path / "run.html").as_uri()


def test_the_exported_page_shows_every_image_at_every_step(
    chromium: Browser, tmp_path: Path
) -> None:
    with visiting(chromium, color_scheme="light") as visitor:
        visitor.page.goto(exported(tmp_path, fake_info(HOSTILE)))
        page = visitor.page
        page.wait_for_selector("body[data-ready]")
        assert page.title() == HOSTILE
        expect(page.get_by_role("heading", level=1)).to_have_text(HOSTILE)
        expect(page.get_by_role("navigation").get_by_role("link")).to_have_text(
            "activation of conv0"
        )

        def colour(step: int, image: int) -> list[int]:
            """In the middle of the first unit."""
            canvas = page.get_by_role("img", name=f"at step {step}, probe image {image}")
            expect(canvas).to_be_visible()
            page.wait_for_function("c => c.height > 1", arg=canvas.element_handle())
            found: list[int] = canvas.evaluate(PIXEL)
            return found

        def is_close(found: list[int], value: float) -> bool:
            """Whether that is what the value is drawn as, on a scale from 0 to the largest."""
            entry = round(255 * value / 0.8)
            return bool(np.abs(lut("perceptual")[entry] - np.array(found[:3])).max() < 25)

        assert is_close(colour(10, 0), 0.2)
        page.locator("#probe").select_option("3")
        assert is_close(colour(10, 3), 0.8)
        page.get_by_label("Training step").fill("0")
        assert is_close(colour(0, 3), 0.4)
        page.get_by_role("button", name="Dark").click()
        expect(page.get_by_role("button", name="Light")).to_be_visible()
        page.get_by_role("button", name="Play").click()
        expect(page.get_by_role("img", name="at step 10, probe image 3")).to_be_visible()
