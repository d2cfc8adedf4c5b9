"""The page beside TensorBoard's Images: the same pictures, one browser, each with its own slider.

    python -m benchmarks.page_against_tensorboard [--quick]

TensorBoard is shown at its best: one tag that holds the ready-made grid of all units as a PNG,
every step kept (``--samples_per_plugin images=1000``), its actual size. Of either page:

    next     an arrow key to the step after, never seen before; to painted, that is to two frames
             after the canvas, or the decoded image, is in the page
    back     an arrow key to the step before, seen before
    drag     the slider's handle drawn over all steps within 3 s; steps painted per second
    memory   what the page's process grows by over 1,000 arrow keys, in a browser of its own

And of ours alone, as TensorBoard cannot play: steps painted per second at 10 per second. Keys take
turns between the two pages. Nothing at all takes two frames on that clock, 33 ms.
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from playwright.sync_api import Browser, Locator, Page, Playwright, sync_playwright

from benchmarks.command import command_line
from benchmarks.side_by_side import claim
from benchmarks.slider_moves import FLAGS
from benchmarks.store_frames import TensorBoard, load
from vizframe import store
from vizframe.store import RunCatalog
from vizframe.testing.runs import fake_info
from vizframe.webapp import serving

SIZES = ((64, 64), (256, 64), (512, 64), (512, 128))
STEPS = 60
KEYS = 12
MOVES = 1000

TO_PAINTED = """async (painted) => {
  const seen = new Function(`return ${painted}`);
  const frame = () => new Promise(requestAnimationFrame);
  let before = seen();
  for (let still = 0; still < 12; still += 1) { // what is shown now has to be all there
    await frame();
    if (seen() !== before) { before = seen(); still = 0; }
  }
  window.toPainted = new Promise((resolve) => {
    document.addEventListener("keydown", async () => {
      const began = performance.now();
      while (seen() === before) await frame();
      await frame();
      await frame();
      resolve(performance.now() - began);
    }, { once: true, capture: true });
  });
}"""

COUNT_PAINTED = """(painted) => {
  const seen = new Function(`return ${painted}`);
  const found = window.found = new Set();
  window.counting = true;
  const look = () => { found.add(seen()); if (window.counting) requestAnimationFrame(look); };
  look();
}"""


class Side(ABC):
    """One of the two pages.

    Attributes:
        painted: JavaScript for what is painted: another value once another step is.
    """

    name: str
    painted: str

    def __init__(self, browser: Browser, url: str) -> None:
        self.page: Page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
        self.page.set_default_timeout(120_000)
        self.page.goto(url)
        self.slider = self.ready()

    @abstractmethod
    def ready(self) -> Locator:
        """Wait for the first picture; the slider."""

    def go_first(self) -> None:
        self.slider.focus()
        self.page.keyboard.press("Home")
        self.page.wait_for_timeout(1500)

    def key(self, key: str) -> float:
        """Milliseconds from the key to its picture."""
        self.page.bring_to_front()
        self.slider.focus()
        self.page.evaluate(TO_PAINTED, self.painted)
        self.page.keyboard.press(key)
        return cast("float", self.page.evaluate("window.toPainted"))

    def drag(self) -> float:
        """Steps painted per second."""
        self.page.bring_to_front()
        box = self.slider.bounding_box()
        assert box is not None
        y, mouse = box["y"] + box["height"] / 2, self.page.mouse
        mouse.move(box["x"] + self.inset(box["width"]), y)
        mouse.down()
        self.page.evaluate(COUNT_PAINTED, self.painted)
        began = time.perf_counter()
        while (share := (time.perf_counter() - began) / 3) < 1:
            inset = self.inset(box["width"])
            mouse.move(box["x"] + inset + share * (box["width"] - 2 * inset), y)
        count = cast("int", self.page.evaluate("(window.counting = false, window.found.size)"))
        mouse.up()
        return (count - 1) / 3

    def inset(self, width: float) -> float:
        """From the slider's edge to the middle of its handle at the first step."""
        return 8.0

    def walk(self, moves: int) -> None:
        self.slider.focus()
        for number in range(moves):
            onward = number // (STEPS - 1) % 2 == 0
            self.page.keyboard.press("ArrowRight" if onward else "ArrowLeft")
            self.page.wait_for_timeout(50)


class Ours(Side):
    name = "vizframe"
    painted = "document.querySelector('#stage').dataset.step"

    def ready(self) -> Locator:
        self.page.wait_for_selector("#stage[data-step]")
        return self.page.locator("#slider")

    def play(self, seconds: float = 5.0) -> float:
        """Steps painted per second, from a cache that holds nothing."""
        self.page.reload()
        self.ready()
        self.page.locator("#speed").select_option("10")
        self.go_first()
        self.page.reload()
        self.ready()
        self.page.evaluate(COUNT_PAINTED, self.painted)
        began = time.perf_counter()
        self.page.locator("#play").click()
        self.page.wait_for_timeout(1000 * seconds)
        count = cast("int", self.page.evaluate("window.found.size"))
        return (count - 1) / (time.perf_counter() - began)


class Theirs(Side):
    name = "TensorBoard"
    # An image that is complete and decoded is in the page: the element is put there when it loads.
    painted = """(() => {
      const below = (root, name) => {
        for (const each of root.querySelectorAll("*")) {
          if (each.localName === name) return each;
          const found = each.shadowRoot && below(each.shadowRoot, name);
          if (found) return found;
        }
        return null;
      };
      const loader = window.loader ??= below(document, "tf-image-loader");
      const image = loader.shadowRoot.querySelector("#main-image-container img");
      if (image?.complete && image !== window.decoding) {
        window.decoding = image;
        image.decode().then(() => { window.decoded = image.src; });
      }
      return window.decoded;
    })()"""

    def ready(self) -> Locator:
        self.page.locator("tf-image-loader img").wait_for()
        self.page.get_by_text("Show actual image size").click()
        self.page.wait_for_timeout(1500)
        return self.page.locator("tf-image-loader paper-slider")

    def inset(self, width: float) -> float:
        return 16.0


@contextmanager
def both(folder: Path, units: int, side: int) -> Iterator[tuple[str, str]]:
    """Write the frames for both and serve them: the addresses of our page and theirs."""
    frames = load("maps", 1, units, side, 12)
    (folder / "events").mkdir(parents=True)
    events = TensorBoard(folder / "events", frames)
    with store.create(folder / "runs" / "made", fake_info("made")) as writer:
        for step in range(STEPS):
            writer.commit(frames.record(step))
            events.write(step)
    events.close()
    with serving(RunCatalog(folder / "runs"), port=0) as address, tensorboard(folder) as theirs:
        yield address.url, theirs


@contextmanager
def tensorboard(folder: Path, port: int = 6017) -> Iterator[str]:
    url = f"http://127.0.0.1:{port}/"
    arguments = ["--logdir", str(folder / "events"), "--port", str(port)]
    options = ["--samples_per_plugin", "images=1000", "--load_fast", "false"]
    quiet = subprocess.DEVNULL
    module = [sys.executable, "-m", "tensorboard.main"]
    with subprocess.Popen([*module, *arguments, *options], stdout=quiet, stderr=quiet) as server:
        try:
            wait_for_steps(url)
            yield f"{url}#images"
        finally:
            server.terminate()


def wait_for_steps(url: str) -> None:
    """Until TensorBoard has read the last step."""
    asked = f"{url}data/plugin/images/images?tag=conv0&run=.&sample=0"
    for _ in range(300):
        try:
            with urllib.request.urlopen(asked, timeout=10) as response:
                if response.read().count(b'"step"') == STEPS:
                    return
        except OSError:
            pass  # it is not listening yet, or does not know the tag yet
        time.sleep(0.5)
    raise RuntimeError("TensorBoard did not show the last step within 150 s")


def launch(playwright: Playwright) -> Browser:
    path = next(filter(None, map(shutil.which, ("chromium", "google-chrome"))))
    return playwright.chromium.launch(executable_path=path, args=list(FLAGS))


def keys(ours: Ours, theirs: Theirs) -> dict[str, list[float]]:
    """Milliseconds of each key, in turns."""
    found: dict[str, list[float]] = {}
    for side in (ours, theirs):
        side.go_first()
    for way, key in (("next", "ArrowRight"), ("back", "ArrowLeft")):
        for number in range(KEYS):
            for side in (ours, theirs) if number % 2 else (theirs, ours):
                found.setdefault(f"{way} {side.name}", []).append(side.key(key))
                ours.page.wait_for_timeout(150)
    return found


def renderer_megabytes(browser: Browser, page: Page) -> float:
    """What the page's processes hold by themselves, after the garbage is collected."""
    page.context.new_cdp_session(page).send("HeapProfiler.collectGarbage")
    found = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")
    pids = [each["id"] for each in found["processInfo"] if each["type"] == "renderer"]
    return sum(proportional_kilobytes(pid) for pid in pids) / 1000


def proportional_kilobytes(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def measure_growth(playwright: Playwright, side: type[Side], url: str) -> float:
    """Megabytes after `MOVES` keys."""
    browser = launch(playwright)
    opened = side(browser, url)
    opened.go_first()
    before = renderer_megabytes(browser, opened.page)
    opened.walk(MOVES)
    after = renderer_megabytes(browser, opened.page)
    browser.close()
    return after - before


def measure(folder: Path, units: int, side: int, *, memory: bool) -> None:
    shown = f"{units} units of {side} px"
    with both(folder, units, side) as (our_url, their_url), sync_playwright() as playwright:
        browser = launch(playwright)
        ours, theirs = Ours(browser, our_url), Theirs(browser, their_url)
        times = {name: statistics.median(each) for name, each in keys(ours, theirs).items()}
        print(f"{shown}: ms", ", ".join(f"{name} {each:.0f}" for name, each in times.items()))
        bound = "≤ 0.4" if side == 128 else "≤ 0.65"
        claim(f"{shown}: next step, over TensorBoard", ratio(times, "next"), bound)
        print(f"{shown}: a step seen before, over TensorBoard: {ratio(times, 'back'):.2f}")
        dragged = {each.name: each.drag() for each in (ours, theirs)}
        print(f"{shown}: steps a second while dragging", dragged)
        if side == 64 and units >= 256:
            gain = dragged["vizframe"] / max(dragged["TensorBoard"], 0.1)
            claim(f"{shown}: dragging, over TensorBoard", gain, "≥ 1.2")
        if (units, side) == (512, 64):
            claim(f"{shown}: played at 10 a second, shown", ours.play(), "≥ 9.5", "/s")
        browser.close()
        if memory:
            megabytes = {
                each.name: measure_growth(playwright, each, url)
                for each, url in ((Ours, our_url), (Theirs, their_url))
            }
            print(f"{shown}: MB after {MOVES} keys", megabytes)
            gain = megabytes["vizframe"] / megabytes["TensorBoard"]
            claim(f"{shown}: memory grown, over TensorBoard", gain, "≤ 0.25")


def ratio(times: dict[str, float], way: str) -> float:
    return times[f"{way} vizframe"] / times[f"{way} TensorBoard"]


if __name__ == "__main__":
    words = command_line(__doc__)
    words.add_argument("--quick", action="store_true", help="One size.")
    chosen = SIZES[1:2] if words.parse_args().quick else SIZES
    for count, pixels in chosen:
        with tempfile.TemporaryDirectory() as made:
            measure(Path(made), count, pixels, memory=(count, pixels) == (256, 64))
