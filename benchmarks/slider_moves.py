"""Slider moves painted under 100 ms, on every gallery of a run: at least 98 % of them.

    python -m benchmarks.slider_moves [RUNS]

RUNS is a folder of runs (``vizframe demo --no-serve`` makes one); without it, a run of the demo's
shapes is written first. For every gallery, in a real Chromium, each with nothing in its cache:

    steps    one recorded step on, the next when the last was painted
    jumps    to random steps
    drag     a move every 33 ms, whatever is painted; a move counts as painted when the frame of its
             step or of a later move is

Painted: the frame is on the canvas and the browser has begun the next frame; doing nothing at all
costs about one frame on that clock, which is measured beside it.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import cast

import numpy as np
from playwright.sync_api import Page, sync_playwright

from benchmarks.command import command_line
from vizframe.history import LayerInfo
from vizframe.store import RunCatalog, create
from vizframe.testing.runs import fake_info, fake_probe, fill
from vizframe.webapp import serving

LIMIT = 100.0
DEMAND = 0.98
JUMPS = 20

FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run")

MOVE = """async ([indices, every]) => {
  const [slider, stage] = [document.querySelector("#slider"), document.querySelector("#stage")];
  const steps = window.vizframe.steps;
  const frame = () => new Promise(requestAnimationFrame);
  const times = [], waiting = [];
  const settle = () => {
    const at = waiting.findLastIndex((move) => Number(stage.dataset.step) === move.step);
    for (const move of waiting.splice(0, at + 1)) times.push(performance.now() - move.began);
  };
  for (const index of indices) {
    const due = performance.now() + every;
    waiting.push({ step: steps[index], began: performance.now() });
    slider.value = index;
    slider.dispatchEvent(new Event("input"));
    do { await frame(); settle(); } while (every ? performance.now() < due : waiting.length);
  }
  while (waiting.length) { await frame(); settle(); }
  return times;
}"""

IDLE = """async () => {
  const times = [];
  for (let i = 0; i < 30; i += 1) {
    const began = performance.now();
    await new Promise(requestAnimationFrame);
    times.push(performance.now() - began);
  }
  return times;
}"""

LAYERS = (
    LayerInfo(
        name="conv1", operator="Convolution", shape=(32, 28, 28), units=32,
        parameters={"weight": (32, 1, 5, 5)}, inputs=("data",),
    ),
    LayerInfo(
        name="conv2", operator="Convolution", shape=(64, 14, 14), units=64,
        parameters={"weight": (64, 32, 5, 5)}, inputs=("conv1",),
    ),
)  # fmt: skip


def main() -> None:
    words = command_line(__doc__)
    words.add_argument("runs", nargs="?", type=Path, metavar="RUNS")
    given = words.parse_args()
    if given.runs:
        measure(given.runs)
        return
    with tempfile.TemporaryDirectory() as folder:
        with create(Path(folder) / "made", fake_info("made", LAYERS), fake_probe()) as writer:
            fill(writer, range(0, 400, 20), LAYERS)
        measure(Path(folder))


def measure(runs: Path) -> None:
    with serving(RunCatalog(runs), port=0) as address, sync_playwright() as playwright:
        path = next(filter(None, map(shutil.which, ("chromium", "google-chrome"))))
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        found: dict[str, list[float]] = {"steps": [], "jumps": [], "drag": []}
        for kind, layer in galleries(browser.new_page(), address.url):
            for way, times in found.items():
                page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
                page.goto(f"{address.url}?kind={kind}&layer={layer}&step=0")
                page.wait_for_selector("body[data-ready]")
                page.wait_for_timeout(300)
                times += moves(page, way)
                page.context.close()
        idle = cast("list[float]", open_page(browser.new_page(), address.url).evaluate(IDLE))
        browser.close()
    report(found, idle)


def open_page(page: Page, url: str) -> Page:
    page.goto(url)
    page.wait_for_selector("body[data-ready]")
    return page


def galleries(page: Page, url: str) -> list[tuple[str, str]]:
    """Kind and layer of every gallery with more than one step."""
    series = open_page(page, url).evaluate(
        """() => window.vizframe.run.series
             .filter((each) => window.vizframe.run.step_lists[each.steps].length > 1)
             .map((each) => [each.kind, each.layer])"""
    )
    return [(kind, layer) for kind, layer in series]


def moves(page: Page, way: str) -> list[float]:
    """Milliseconds of each move."""
    count = int(page.evaluate("window.vizframe.steps.length"))
    onward = list(range(1, count))
    jumps = np.random.default_rng(0).integers(0, count, JUMPS).tolist()
    indices = {"steps": onward, "jumps": jumps, "drag": onward + onward[::-1]}[way]
    return cast("list[float]", page.evaluate(MOVE, [indices, 33 if way == "drag" else 0]))


def report(found: dict[str, list[float]], idle: list[float]) -> None:
    print(f"{'':8}{'moves':>7}{'median':>9}{'95 %':>8}{'worst':>8}   under {LIMIT:.0f} ms")
    for way, times in {**found, "idle": idle}.items():
        share = np.mean(np.asarray(times) < LIMIT)
        spread = "".join(f"{np.percentile(times, each):8.0f}" for each in (50, 95, 100))
        print(f"{way:8}{len(times):7} {spread}   {share:8.1%}")
    share = np.mean([each < LIMIT for times in found.values() for each in times])
    print(f"all moves under {LIMIT:.0f} ms: {share:.1%}; demanded {DEMAND:.0%}")


if __name__ == "__main__":
    main()
