"""Slider moves over a text, painted: 2,000 tokens × 256 units in ≤ 100 ms; 10,000 tokens scroll.

    python -m benchmarks.text_slider

A run is written to disk, served, and shown in a real Chromium with nothing in its cache. Painted:
text and units are on the canvas and the browser has begun the next frame; doing nothing costs about
one frame on that clock, which is measured beside it.

    steps     one recorded step on, the next when the last was painted
    jumps     to random steps
    open      from the address to the first painted text
    scroll    the text is scrolled from its start to its end in 60 moves, each waiting for a frame
"""

from __future__ import annotations

import shutil
import sysconfig
import tempfile
import time
from pathlib import Path
from typing import cast

import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.command import command_line
from benchmarks.slider_moves import FLAGS, IDLE, MOVE
from vizframe.store import RunCatalog, create
from vizframe.testing.text_runs import text_info, text_probe, text_records
from vizframe.webapp import serving

UNITS = 256
STEPS = range(0, 400, 20)
LIMIT = 100.0

SCROLL = """async () => {
  const panel = document.querySelector("#stage .sequence .text-panel");
  const times = [];
  const most = panel.scrollHeight - panel.clientHeight;
  for (let i = 1; i <= 60; i += 1) {
    const began = performance.now();
    panel.scrollTop = (most * i) / 60;
    await new Promise(requestAnimationFrame);
    await new Promise(requestAnimationFrame);
    times.push(performance.now() - began);
  }
  return times;
}"""


def source(length: int) -> list[str]:
    """So many characters of Python's own library."""
    path = Path(sysconfig.get_paths()["stdlib"]) / "argparse.py"
    return list(path.read_text("utf-8")[:length])


def main() -> None:
    command_line(__doc__).parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        for length in (2_000, 10_000):
            probe = text_probe([source(length)])
            path = Path(folder) / f"text-{length}"
            with create(path, text_info(probe, UNITS), probe) as writer:
                for record in text_records(probe, UNITS, STEPS):
                    writer.commit(record)
        found = next(filter(None, map(shutil.which, ("chromium", "google-chrome"))))
        browser = playwright.chromium.launch(executable_path=found, args=list(FLAGS))
        with serving(RunCatalog(Path(folder)), port=0) as address:
            for length in (2_000, 10_000):
                measure(browser, f"{address.url}?run=text-{length}&step=0&time=5", length)
        browser.close()


def measure(browser: Browser, url: str, length: int) -> None:
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    began = time.perf_counter()
    page.goto(url)
    page.wait_for_selector("#stage .sequence .text-panel[data-painted]")
    print(f"{length:6,} tokens × {UNITS} units")
    print(f"  open    {time.perf_counter() - began:6.2f} s")
    page.wait_for_timeout(500)
    report("nothing", cast("list[float]", page.evaluate(IDLE)))
    report("steps", moves(page, [*range(1, len(STEPS))]))
    page.reload()
    page.wait_for_selector("#stage .sequence .text-panel[data-painted]")
    page.wait_for_timeout(500)
    jumps = np.random.default_rng(0).integers(0, len(STEPS), 30)
    report("jumps", moves(page, [int(each) for each in jumps]))
    report("scroll", cast("list[float]", page.evaluate(SCROLL)))
    page.context.close()


def moves(page: Page, indices: list[int]) -> list[float]:
    return cast("list[float]", page.evaluate(MOVE, [indices, 0]))


def report(name: str, times: list[float]) -> None:
    middle, most = np.median(times), max(times)
    within = np.mean(np.asarray(times) <= LIMIT)
    print(f"  {name:7} {middle:6.0f} ms median, {most:4.0f} most, {within:4.0%} within {LIMIT:.0f}")


if __name__ == "__main__":
    main()
