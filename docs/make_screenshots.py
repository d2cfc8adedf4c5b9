"""Take a picture of every page, light and dark: `python docs/make_screenshots.py [FOLDER [PAGE]]`.

FOLDER keeps the two demo runs that are shown, of digits and of text; they are trained where it
has none. The pictures lie in `docs/pages`; those of the pages that are named behind it, or of all.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from vizframe.demo.demo import live_options
from vizframe.demo.server_process import serve_folder
from vizframe.isolated import python_module

PAGES = Path(__file__).absolute().parent / "pages"
SIZE = {"width": 1280, "height": 800}
COLOURS = 256
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run")

DIGITS = "?run=mnist-demo&kind=activation&layer=conv2&unit=4"
TEXT = "?run=text-demo&kind=recurrent.cell&layer=lstm&unit=4&time=200"

SHOWN = {
    "gallery": DIGITS,
    "unit": f"{DIGITS}&page=unit",
    "zoom": f"{DIGITS}&page=zoom",
    "film": f"{DIGITS}&page=sheet&order=formed",
    "compare": f"{DIGITS}&page=compare",
    "image": f"{DIGITS}&page=image",
    "training": f"{DIGITS}&page=training",
    "network": f"{DIGITS}&page=network",
    "live": f"{DIGITS}&page=live",
    "what-if": f"{DIGITS}&page=whatif",
    "runs": f"{DIGITS}&page=runs",
    "text": TEXT,
    "text-unit": f"{TEXT}&page=unit",
    "text-compare": f"{TEXT}&page=compare",
}


PAINTED = {
    "live": "#live-page .live-body:not([hidden])",
    "what-if": "#whatif-page .pairs li",
    "image": "#image-page canvas",
    "network": "#network-page canvas",
    "training": "#training-page .js-plotly-plot .scatterlayer",
    "runs": "#runs-page tbody tr",
    "film": "#sheet-page canvas",
}
"""What is there once a page has its content, of pages that get it after the first picture."""

REST = 0.4
"""Seconds between two pictures that have to be the same."""

PATIENCE = 60.0
"""Seconds until a page has to rest."""


def main() -> None:
    named = sys.argv[2:] or list(SHOWN)
    with tempfile.TemporaryDirectory() as folder:
        runs = Path(folder, "runs")
        if len(sys.argv) > 1:
            runs.symlink_to(Path(sys.argv[1]).absolute())
        for task, run in (("digits", "mnist-demo"), ("text", "text-demo")):
            if not (runs / run).exists():
                train(task, run, runs)
        PAGES.mkdir(exist_ok=True)
        os.chdir(folder)  # so that the page shows "runs", and no path of this machine
        with (
            serve_folder(Path("runs"), 0, live_options(runs / "mnist-demo", "mxnet")) as page,
            sync_playwright() as playwright,
        ):
            path = next(filter(None, map(shutil.which, ("chromium", "google-chrome"))))
            browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
            for name in named:
                for theme in ("light", "dark"):
                    (PAGES / f"{name}-{theme}.png").write_bytes(
                        screenshot(browser, page.url + SHOWN[name], theme, PAINTED.get(name, ""))
                    )


def train(task: str, run: str, runs: Path) -> None:
    options = ("--task", task, "--run", run, "--runs", str(runs), "--framework", "mxnet")
    subprocess.run(python_module("vizframe", "demo", "--no-serve", *options), check=True)


def screenshot(browser: Browser, url: str, theme: str, painted: str) -> bytes:
    """The page once it has come to rest, in few colours: a third of the bytes."""
    context = browser.new_context(viewport=SIZE, color_scheme=theme)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(url)
    page.wait_for_selector("body[data-ready]", timeout=1000 * PATIENCE)
    if painted:
        page.wait_for_selector(painted, timeout=1000 * PATIENCE)
    page.wait_for_load_state("networkidle", timeout=1000 * PATIENCE)
    taken = Image.open(io.BytesIO(at_rest(page))).convert("RGB")
    context.close()
    found = io.BytesIO()
    taken.quantize(COLOURS, dither=Image.Dither.NONE).save(found, "PNG", optimize=True)
    return found.getvalue()


def at_rest(page: Page) -> bytes:
    """A picture that is the same a moment later."""
    until = time.monotonic() + PATIENCE
    before, taken = b"", page.screenshot()
    while taken != before and time.monotonic() < until:
        time.sleep(REST)
        before, taken = taken, page.screenshot()
    return taken


if __name__ == "__main__":
    main()
