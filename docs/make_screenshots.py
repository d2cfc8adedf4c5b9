"""Take a picture of every page, light and dark: `python docs/make_screenshots.py [FOLDER]`.

FOLDER keeps the two demo runs that are shown, of digits and of text; they are trained where it
has none. The pictures lie in `docs/pages`.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from vizframe.demo.demo import live_options
from vizframe.demo.server_process import serve_folder
from vizframe.isolated import python_module

PAGES = Path(__file__).parent / "pages"
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


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        runs = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(folder)
        for task, run in (("digits", "mnist-demo"), ("text", "text-demo")):
            if not (runs / run).exists():
                train(task, run, runs)
        PAGES.mkdir(exist_ok=True)
        with (
            serve_folder(runs, 0, live_options(runs / "mnist-demo", "mxnet")) as page,
            sync_playwright() as playwright,
        ):
            path = next(filter(None, map(shutil.which, ("chromium", "google-chrome"))))
            browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
            for name, query in SHOWN.items():
                for theme in ("light", "dark"):
                    (PAGES / f"{name}-{theme}.png").write_bytes(
                        screenshot(browser, page.url + query, theme)
                    )


def train(task: str, run: str, runs: Path) -> None:
    options = ("--task", task, "--run", run, "--runs", str(runs), "--framework", "mxnet")
    subprocess.run(python_module("vizframe", "demo", "--no-serve", *options), check=True)


def screenshot(browser: Browser, url: str, theme: str) -> bytes:
    """The page once it has come to rest, in few colours: a third of the bytes."""
    context = browser.new_context(viewport=SIZE, color_scheme=theme)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(url)
    page.wait_for_selector("body[data-ready]")
    page.wait_for_timeout(1500)
    taken = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    context.close()
    found = io.BytesIO()
    taken.quantize(COLOURS, dither=Image.Dither.NONE).save(found, "PNG", optimize=True)
    return found.getvalue()


if __name__ == "__main__":
    main()
