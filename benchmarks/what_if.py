"""What if: scores on the screen within 100 ms of the click that switches a unit off.

    python -m benchmarks.what_if [torch]

The demo's network (28², two convolutions) with 16 probe images, in a real Chromium. A click on a
unit of conv1 counts until bars, predictions and maps with the change are on the canvas and the
browser has begun the next frame. Units stay off, so that the last clicks have 30 changes at once.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import numpy as np
from playwright.sync_api import sync_playwright

from benchmarks.command import command_line
from vizframe.demo.digits import CLASSES
from vizframe.history.memory import MemoryCatalog, MemoryRun
from vizframe.network.live import Live, leave_a_core
from vizframe.network.probe import Probe
from vizframe.testing.runs import fake_info
from vizframe.webapp import serving

LIMIT = 100.0
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run")

CLICKS = """async (count) => {
  const scroller = document.querySelector("#whatif-page .gallery");
  const frame = () => new Promise(requestAnimationFrame);
  const times = [];
  for (let unit = 0; unit < count; unit += 1) {
    const { columns, pitchX, pitchY } = JSON.parse(scroller.dataset.grid);
    const box = scroller.getBoundingClientRect();
    const clientX = box.left + (unit % columns) * pitchX + pitchX / 2;
    const clientY = box.top + Math.floor(unit / columns) * pitchY + pitchY / 3;
    const began = performance.now();
    scroller.dispatchEvent(new MouseEvent("click", { clientX, clientY, bubbles: true }));
    const wanted = window.vizframe.place.changes;
    while (document.body.dataset.changes !== wanted) await frame();
    await frame();
    times.push(performance.now() - began);
  }
  return times;
}"""


def weights(framework: str, folder: Path) -> Live:
    """The demo's network, with weights in a file."""
    if framework == "torch":
        import torch

        from vizframe.torch.digits import network as digits

        torch.save(digits().state_dict(), folder / "w-1.pt")
        return Live("vizframe.torch.digits:network", str(folder / "w-*.pt"), (1, 28, 28))
    from vizframe.demo.mnist import network

    network().save_parameters(str(folder / "w-1.params"))
    return Live("vizframe.demo.mnist:network", str(folder / "w-*.params"), (1, 28, 28))


def main() -> None:
    words = command_line(__doc__)
    words.add_argument("framework", nargs="?", choices=["mxnet", "torch"], default="mxnet")
    framework = words.parse_args().framework
    leave_a_core()  # as `vizframe serve` does
    images = np.random.default_rng(0).random((16, 1, 28, 28)).astype(np.float32)
    info = fake_info("digits").model_copy(update={"class_names": CLASSES})
    catalog = MemoryCatalog({"digits": MemoryRun(info, Probe(images, np.arange(16) % 10))})
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        live = weights(framework, Path(folder))
        path = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        with serving(catalog, port=0, live=live) as address:
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            page.goto(f"{address.url}?page=whatif&asked=conv1")
            page.wait_for_selector("#whatif-page .pairs li")
            times = np.array(page.evaluate(CLICKS, 30))
        browser.close()
    within = float((times[1:] <= LIMIT).mean())
    print(f"{framework}: first click {times[0]:.0f} ms (a graph is compiled)")
    later = times[1:]
    print(
        f"{framework}: median {np.median(later):.0f} ms, p95 {np.percentile(later, 95):.0f} ms, "
        f"at most {later.max():.0f} ms; {within:.0%} within {LIMIT:.0f} ms"
    )


if __name__ == "__main__":
    main()
