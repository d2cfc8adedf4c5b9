"""What if: a click switches a unit off, and scores, predictions and maps are other ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.asking.kept_runs import TRAININGS, recorder
from tests.browser.conftest import Visitor
from vizframe.demo.mnist import network
from vizframe.history.memory import MemoryCatalog
from vizframe.network.live import Live
from vizframe.store import RunCatalog
from vizframe.testing.runs import fake_run
from vizframe.webapp import serving

pytestmark = pytest.mark.browser


def test_a_unit_is_switched_off_and_the_scores_are_seen(
    visitor: Visitor, what_if_url: str, tmp_path: Path
) -> None:
    page = visitor.open(what_if_url)
    page.locator("#pages [data-page=whatif]").click()
    expect(page.locator("#whatif-page .pairs li")).to_have_count(8)
    page.locator("#whatif-page").get_by_label("Layer", exact=True).select_option("dense")
    page.locator("#whatif-page").get_by_label("What becomes of a unit").select_option("=")
    page.locator("#whatif-page").get_by_label("By how much").fill("100")
    page.locator("#whatif-page .gallery").click(position={"x": 20, "y": 150})
    expect(page.locator(".whatif-list li")).to_contain_text("dense · unit 0: = 100")
    expect(page.locator(".pairs li").first.locator("strong")).to_have_text("100.0 %")
    expect(page.locator("#whatif-accuracy")).to_contain_text("Right on the probe: 16.7 %")
    page.wait_for_url("**changes=dense%3A0%3A%3D100**")
    link = page.url
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save as a checkpoint").click()
    assert saved.value.suggested_filename == "masked-40.params"
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".whatif-list li")).to_have_text("none")
    page.goto(link)
    expect(page.locator(".whatif-list li")).to_contain_text("dense · unit 0: = 100")


def test_without_a_network_it_says_how_to_give_one(visitor: Visitor, url: str) -> None:
    page = visitor.open(url, "?page=whatif")
    expect(page.locator("#whatif-page [role=status]")).to_have_text(
        "There is no network to ask; start the page with one:"
    )


def test_a_probe_that_does_not_fit_the_network_is_said(visitor: Visitor, tmp_path: Path) -> None:
    network().save_parameters(str(tmp_path / "w-1.params"))
    live = Live("vizframe.demo.mnist:network", str(tmp_path / "w-*.params"), (1, 28, 28))
    visitor.expected = "400"
    with serving(MemoryCatalog({"fake": fake_run()}), port=0, live=live) as address:
        page = visitor.open(address.url, "?page=whatif")
        expect(page.locator("#whatif-page [role=status]")).to_contain_text(
            "use a picture of your own"
        )
        page.goto("about:blank")


def test_a_picture_of_one_s_own_is_asked_with(
    visitor: Visitor, what_if_url: str, tmp_path: Path
) -> None:
    Image.fromarray(np.full((40, 40, 3), 128, np.uint8)).save(tmp_path / "grey.png")
    page = visitor.open(what_if_url, "?page=whatif&asked=dense&changes=dense:7:%3D100")
    page.locator("#whatif-page").get_by_text("A picture of your own").click()
    page.locator("#whatif-page input[type=file]").set_input_files(tmp_path / "grey.png")
    expect(page.locator("#whatif-accuracy")).to_have_text("")
    expect(page.locator(".pairs li").first.locator("strong")).to_have_text("100.0 %")
    page.get_by_role("button", name="Back to the probe").click()
    expect(page.locator("#whatif-accuracy")).to_contain_text("Right on the probe")


@pytest.mark.parametrize("framework", list(TRAININGS))
def test_the_network_of_a_recording_that_goes_on_is_asked_with_one_click(
    framework: str, visitor: Visitor, tmp_path: Path
) -> None:
    training = TRAININGS[framework]()
    with (
        recorder(training, tmp_path / "now") as recording,
        serving(RunCatalog(tmp_path), port=0) as address,
    ):
        training.update()
        recording.step(2)
        page = visitor.open(address.url)
        page.locator("#pages [data-page=whatif]").click()
        weights = page.locator("#whatif-weights")
        expect(weights).to_contain_text("Weights of step 2, the newest.", timeout=120_000)
        page.locator("#whatif-page").get_by_label("Layer", exact=True).select_option("end")
        expect(page.locator("body")).to_have_attribute("data-asked", "end")
        page.locator("#whatif-page").get_by_label("What becomes of a unit").select_option("=")
        page.locator("#whatif-page").get_by_label("By how much").fill("100")
        page.locator("#whatif-page .gallery").click(position={"x": 20, "y": 150})
        expect(page.locator(".pairs li").first.locator("strong")).to_have_text("100.0 %")
        training.update()
        recording.step(4)
        weights.get_by_role("button", name="Take step 4").click(timeout=15_000)
        expect(weights).to_contain_text("Weights of step 4, the newest.")
        expect(page.get_by_role("button", name="Save as a checkpoint")).to_be_hidden()
        page.goto("about:blank")
