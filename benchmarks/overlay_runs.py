"""Training: the curves of 20 runs × 2,500 steps over one another, painted within 0.5 s.

    python -m benchmarks.overlay_runs

Timed in a real Chromium from the moment that the page is told which runs are ticked until the last
chart has its lines and the browser has begun the next frame. Plotly is loaded before.
"""

from __future__ import annotations

import shutil

import numpy as np
from playwright.sync_api import sync_playwright

from benchmarks.command import command_line
from vizframe.history import StepRecord
from vizframe.history.memory import MemoryCatalog, MemoryRun
from vizframe.testing.runs import fake_info, fake_run
from vizframe.webapp import serving

RUNS, STEPS, LIMIT = 20, 2_500, 500.0
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run")

OVERLAY = """async (runs) => {
  const frame = () => new Promise(requestAnimationFrame);
  const lines = () => document.querySelectorAll("#training-page .scatterlayer .trace").length;
  const began = performance.now();
  window.vizframe.choose({ page: "training", runs });
  while (lines() < RUNS) {
    if (performance.now() - began > 60000) return -1;
    await frame();
  }
  await frame();
  return performance.now() - began;
}""".replace("RUNS", str(RUNS))


def run_of(number: int) -> MemoryRun:
    """Curves that fall, each with noise of its own."""
    draw = np.random.default_rng(number)
    name = f"run{number:02d}"
    run = MemoryRun(fake_info(name).model_copy(update={"id": name}))
    with run.writer() as writer:
        for step in range(STEPS):
            loss = float(np.exp(-step / 500) + 0.1 * draw.random())
            writer.commit(StepRecord(step=step, scalars={"loss": loss}, time=1e9 + step))
    return run


def main() -> None:
    command_line(__doc__).parse_args()
    names = [f"run{number:02d}" for number in range(RUNS)]
    catalog = MemoryCatalog({name: run_of(number) for number, name in enumerate(names)})
    catalog.add("fake", fake_run())
    with sync_playwright() as playwright, serving(catalog, port=0) as address:
        path = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        times = []
        for _ in range(5):
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            page.goto(f"{address.url}?run=fake&page=training")
            page.wait_for_selector("#training-page .scatterlayer .trace")
            page.evaluate("() => window.vizframe.choose({ page: 'gallery' })")
            times.append(page.evaluate(OVERLAY, ",".join(names)))
            page.close()
        browser.close()
    print(f"{RUNS} runs × {STEPS} steps overlaid: {', '.join(f'{each:.0f}' for each in times)} ms")
    print(f"median {np.median(times):.0f} ms (claim {LIMIT:.0f})")


if __name__ == "__main__":
    main()
