"""The Live page: pictures from a file and from a camera, answered by a network."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Visitor, visiting
from vizframe.demo.mnist import network
from vizframe.history.memory import MemoryCatalog
from vizframe.network.live import Live
from vizframe.testing.runs import fake_run
from vizframe.webapp import serving

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def live_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A page with a network to ask."""
    file = tmp_path_factory.mktemp("weights") / "w-40.params"
    network().save_parameters(str(file))
    live = Live("vizframe.demo.mnist:network", str(file.with_name("w-*.params")), (1, 28, 28))
    with serving(MemoryCatalog({"fake": fake_run()}), port=0, live=live) as address:
        yield address.url


def test_a_picture_of_one_s_own_is_answered(
    visitor: Visitor, live_url: str, tmp_path: Path
) -> None:
    ink = np.full((90, 60, 3), 255, np.uint8)
    ink[40:50, 20:40] = 0
    Image.fromarray(ink).save(tmp_path / "ink.png")
    page = visitor.open(live_url, "?page=live")
    layer = page.locator("#live-page").get_by_label("Layer", exact=True)
    expect(layer.locator("option")).to_have_count(7)
    layer.select_option("conv2")
    page.locator("#live-page").get_by_label("A picture of your own").set_input_files(
        tmp_path / "ink.png"
    )
    expect(page.locator("#live-speed")).to_contain_text("weights of step 40")
    expect(page.locator("#live-page .best li")).to_have_count(5)
    pixels = "canvas => [...canvas.getContext('2d').getImageData(0, 0, 28, 28).data]"
    shown = np.array(page.locator("#live-page .live-input").evaluate(pixels)).reshape(28, 28, 4)
    assert shown[0, 0, 0] == 255
    assert shown[14, 14, 0] < 60
    page.locator("#live-page").get_by_label("invert").check()
    expect(page.locator("#live-speed")).to_be_visible()
    page.wait_for_function(
        "() => document.querySelector('#live-page .live-input').getContext('2d')"
        ".getImageData(0, 0, 1, 1).data[0] === 0"
    )
    page.locator("#live-page .gallery").click(position={"x": 20, "y": 20})
    expect(page.locator("#live-page h3")).to_have_text("unit 0")


def test_what_is_no_picture_is_said_so(visitor: Visitor, live_url: str, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no picture")
    page = visitor.open(live_url, "?page=live")
    page.locator("#live-page").get_by_label("A picture of your own").set_input_files(
        tmp_path / "notes.txt"
    )
    expect(page.locator("#live-page [role=status]")).to_have_text(
        "notes.txt is no picture that the browser can read."
    )


def test_the_camera_is_answered_until_it_is_stopped(chromium: Browser, live_url: str) -> None:
    with visiting(chromium, permissions=["camera"]) as visitor:
        page = visitor.open(live_url, "?page=live")
        page.get_by_role("button", name="Use the camera").click()
        expect(page.locator("#live-speed")).to_contain_text("ms")
        for _ in range(3):  # and it goes on
            with page.expect_response(lambda answer: answer.request.method == "POST" and answer.ok):
                pass
        page.get_by_role("button", name="Freeze").click()
        expect(page.get_by_role("button", name="Go on")).to_be_visible()
        page.locator("#pages [data-page=gallery]").click()
        expect(page.locator("#stage h1")).to_be_visible()
        page.locator("#pages [data-page=live]").click()
        expect(page.get_by_role("button", name="Use the camera")).to_be_visible()


def test_without_a_network_it_says_how_to_give_one(visitor: Visitor, url: str) -> None:
    page = visitor.open(url, "?page=live")
    expect(page.locator("#live-page [role=status]")).to_have_text(
        "There is no network to ask; start the page with one:"
    )
    expect(page.locator("#live-page pre")).to_contain_text("vizframe serve runs --model nets:lenet")
    expect(page.locator("#live-page .live-body")).to_be_hidden()


def test_a_network_that_comes_later_is_found(visitor: Visitor, tmp_path: Path) -> None:
    live = Live("vizframe.demo.mnist:network", str(tmp_path / "w-*.params"), (1, 28, 28))
    with serving(MemoryCatalog({"fake": fake_run()}), port=0, live=live) as address:
        page = visitor.open(address.url, "?page=live")
        expect(page.locator("#live-page [role=status]")).to_contain_text(re.compile("not?.* yet"))
        network().save_parameters(str(tmp_path / "w-1.params"))
        expect(page.locator("#live-page").get_by_label("Layer", exact=True)).to_be_visible()
        page.goto("about:blank")
