"""How long after its commit a step is on an open page, while another process writes.

    python -m benchmarks.page_visible [FOLDER]

A writer in a process of its own commits steps to an HDF5 run, which two pages in a real Chromium
look at: one that follows the training, and one that stays at its first step. A step counts as

    painted    the following page shows its pictures on the canvas
    offered    the page that stays has it on its slider, and says how many newer steps there are

The writer's clock and the browser's are both this machine's.
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from benchmarks.command import folder
from benchmarks.side_by_side import claim
from benchmarks.slider_moves import FLAGS
from vizframe.store import RunCatalog
from vizframe.webapp import serving

STEPS = 30
PAUSE_S = 1.37
"""Between commits; no multiple of the page's second, so that all phases occur."""

WRITER = """
import dataclasses, sys, time
from vizframe import store
from vizframe.testing.runs import fake_info, records
with store.create(sys.argv[1], fake_info("bench")) as writer:
    for number, record in enumerate(records(range(int(sys.argv[2])))):
        if number:
            time.sleep(float(sys.argv[3]))
        else:
            print("begins", flush=True)
        # A page says how far it is behind only where the last step was written just now.
        writer.commit(dataclasses.replace(record, time=time.time()))
        if not number:
            sys.stdin.readline()
        else:
            print(record.step, time.time(), flush=True)
"""

NOTE = """(what) => {
  const seen = window.seen = {};
  const look = () => {
    const painted = Number(document.querySelector("#stage").dataset.step);
    const button = document.querySelector("#newer"); // "+3 steps": the steps are 0, 1, 2, …
    const offered = button.hidden ? 0 : Number.parseInt(button.textContent, 10);
    const slider = Number(document.querySelector("#slider").max);
    const step = what === "painted" ? painted : Math.min(offered, slider);
    // Steps between two looks are seen with the later one.
    for (let each = 0; each <= step; each += 1) seen[each] ??= Date.now() / 1000;
    requestAnimationFrame(look);
  };
  look();
}"""


def seen_after(run: Path) -> dict[str, list[float]]:
    """Seconds from each commit to its being painted, and to its being offered."""
    arguments = [sys.executable, "-c", WRITER, str(run), str(STEPS), str(PAUSE_S)]
    pipe = subprocess.PIPE
    with subprocess.Popen(arguments, text=True, stdin=pipe, stdout=pipe) as writer:
        assert writer.stdin is not None
        assert writer.stdout is not None
        assert writer.stdout.readline() == "begins\n"
        with serving(RunCatalog(run.parent), port=0) as address, sync_playwright() as playwright:
            path = next(filter(None, map(shutil.which, ("chromium", "google-chrome"))))
            browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
            pages = {
                what: open_page(browser.new_context().new_page(), address.url + query, what)
                for what, query in {"painted": "", "offered": "?step=0"}.items()
            }
            writer.stdin.write("go on\n")
            writer.stdin.flush()
            committed = dict(map(step_and_time, writer.stdout))
            time.sleep(3)
            found = {what: delays(page, committed) for what, page in pages.items()}
            browser.close()
    return found


def open_page(page: Page, url: str, what: str) -> Page:
    page.goto(url)
    page.wait_for_selector("body[data-ready]")
    page.wait_for_selector("#stage[data-step]")
    page.evaluate(NOTE, what)
    return page


def step_and_time(line: str) -> tuple[int, float]:
    step, at = line.split()
    return int(step), float(at)


def delays(page: Page, committed: Mapping[int, float]) -> list[float]:
    """Seconds; a step that the page never showed is an error, never left out."""
    seen = {int(step): at for step, at in page.evaluate("window.seen").items()}
    never = sorted(set(committed) - set(seen))
    if never:
        raise RuntimeError(f"steps {never} were committed and never seen on the page")
    return [seen[step] - at for step, at in committed.items()]


def run(folder: Path) -> None:
    for what, found in seen_after(folder / "run").items():
        late = sorted(found)[int(0.95 * len(found))]
        median = statistics.median(found)
        print(f"{what}: {len(found)} steps, {median:.2f} s (median), {late:.2f} s (95 %)")
        claim(f"a step is {what} after, at most", max(found), "≤ 1.5", "s")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(dir=folder(__doc__)) as made:
        run(Path(made))
