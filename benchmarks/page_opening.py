"""How long the page takes to open over a slow link, for the first time and again.

    python -m benchmarks.page_opening [RUNS] [--against CHECKOUT]

RUNS is a folder of runs (``vizframe demo --no-serve`` makes one); without it, a run of the demo's
shapes is written first. Chromium delays every answer by the latency and holds all of them to the
throughput, as an SSH tunnel to a cluster does. CHECKOUT is another state of the project, which
serves the same runs in turns with this one. Of each, from the click on the link:

    painted   the first gallery is on the canvas
    ready     menus, curves and what else Dash makes are there, too
    first     a browser that was never here
    again     a new tab of the same browser
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Browser, BrowserContext, sync_playwright

from benchmarks.command import command_line
from benchmarks.slider_moves import FLAGS, LAYERS
from vizframe.store import create
from vizframe.testing.runs import fake_info, fake_probe, fill

ROUNDS = 2
LATENCIES_MS = (20, 50, 150)
MBITS = (None, 1.6)
"""None: as fast as the machine."""

HERE = Path(__file__).resolve().parent.parent

SERVE = """
import sys
from pathlib import Path
from vizframe.store import RunCatalog
from vizframe.webapp import serving
with serving(RunCatalog(Path(sys.argv[1])), port=0) as address:
    print(address.url, flush=True)
    sys.stdin.readline()
"""

NOTE = """
  const look = () => {
    const painted = document.querySelector("#stage")?.dataset.step !== undefined;
    if (painted) window.paintedAt ??= performance.now();
    if (document.body?.dataset.ready) window.readyAt ??= performance.now();
    if (!window.readyAt || !window.paintedAt) requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
"""

TIMES = """async () => {
  while (!window.readyAt || !window.paintedAt) await new Promise(requestAnimationFrame);
  return [window.paintedAt, window.readyAt];
}"""


class Opening(NamedTuple):
    """Milliseconds until the gallery is painted and all is ready; requests and kB until then."""

    painted: float
    ready: float
    requests: float
    kilobytes: float


@contextmanager
def served(checkout: Path, runs: Path) -> Iterator[str]:
    """The address of that state of the project over the runs."""
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, "-c", SERVE, str(runs)], cwd=checkout, stdin=pipe, stdout=pipe, text=True,
        env={"PYTHONPATH": str(checkout), "PATH": "/usr/bin:/bin"},
    ) as server:  # fmt: skip
        assert server.stdout is not None
        assert server.stdin is not None
        yield server.stdout.readline().strip()
        server.stdin.write("end\n")
        server.stdin.flush()


def opened(context: BrowserContext, url: str, latency: int, mbit: float | None) -> Opening:
    """A new tab, until it is ready."""
    page = context.new_page()
    page.add_init_script(NOTE)
    network = context.new_cdp_session(page)
    sizes: list[float] = []
    network.on("Network.loadingFinished", lambda each: sizes.append(each["encodedDataLength"]))
    network.send("Network.enable")
    network.send("Network.emulateNetworkConditions", {
        "offline": False, "latency": latency,
        "downloadThroughput": -1 if mbit is None else mbit * 1e6 / 8, "uploadThroughput": -1,
    })  # fmt: skip
    page.goto(url, wait_until="commit")
    page.wait_for_selector("body[data-ready]", timeout=120_000)
    painted, ready = page.evaluate(TIMES)
    found = Opening(painted, ready, len(sizes), sum(sizes) / 1000)
    page.close()
    return found


def visits(browser: Browser, url: str, latency: int, mbit: float | None) -> list[Opening]:
    """The first visit and the next one."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    found = [opened(context, url, latency, mbit) for _ in range(2)]
    context.close()
    return found


def measure(runs: Path, checkouts: dict[str, Path]) -> None:
    path = next(filter(None, map(shutil.which, ("chromium", "google-chrome"))))
    print(f"{'':34}{'painted':>14}{'ready':>14}{'requests':>11}{'kB':>8}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        for mbit in MBITS:
            for latency in LATENCIES_MS:
                measure_link(browser, runs, checkouts, latency, mbit)
        browser.close()


def measure_link(
    browser: Browser, runs: Path, checkouts: dict[str, Path], latency: int, mbit: float | None
) -> None:
    found: dict[str, list[list[Opening]]] = {name: [] for name in checkouts}
    for _ in range(1 if mbit else ROUNDS):  # a slow link takes its time, and is the same each time
        for name, checkout in checkouts.items():
            with served(checkout, runs) as url:
                found[name].append(visits(browser, url, latency, mbit))
    for name, each in found.items():
        for number, visit in enumerate(("first", "again")):
            middle = [
                statistics.median(x) for x in zip(*(one[number] for one in each), strict=True)
            ]
            told = "{:11.0f} ms{:11.0f} ms{:11.0f}{:8.0f}".format(*middle)
            link = f"{latency} ms, {f'{mbit} Mbit' if mbit else 'unlimited'}"
            print(f"{link:18} {name:8}{visit:7}{told}", flush=True)


def main() -> None:
    words = command_line(__doc__)
    words.add_argument("runs", nargs="?", type=Path, metavar="RUNS")
    words.add_argument("--against", type=Path, metavar="CHECKOUT")
    given = words.parse_args()
    checkouts = {"before": given.against} if given.against else {}
    checkouts["now"] = HERE
    if given.runs:
        measure(given.runs.resolve(), checkouts)
        return
    with tempfile.TemporaryDirectory() as folder:
        with create(Path(folder) / "made", fake_info("made", LAYERS), fake_probe()) as writer:
            fill(writer, range(0, 400, 20), LAYERS)
        measure(Path(folder), checkouts)


if __name__ == "__main__":
    main()
