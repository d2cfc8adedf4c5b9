"""A real Chromium, a real server, and a page that must not complain."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import numpy as np
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from vizframe.demo.digits import CLASSES
from vizframe.demo.mnist import network
from vizframe.history import Catalog
from vizframe.history.memory import MemoryCatalog, MemoryRun
from vizframe.network.live import Live
from vizframe.network.probe import Probe
from vizframe.testing.runs import fake_info, fake_run
from vizframe.webapp import serving

PATIENCE = 15_000
"""Milliseconds until something that should appear is missed: Plotly is slow on a busy machine."""

expect.set_options(timeout=PATIENCE)

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--use-fake-device-for-media-stream",  # a camera: a green picture that moves
    "--use-fake-ui-for-media-stream",
)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = next(filter(None, map(shutil.which, CHROMIUM)), None)
    assert path is not None, "no Chromium was found; tools/browser installs one"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


@dataclass
class Visitor:
    """A person with a browser: opens pages, and remembers what went wrong on them."""

    context: BrowserContext
    page: Page
    complaints: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)
    expected: str | None = None
    """What complaints of this test say: Chromium itself writes each 404 and 503 to the console."""

    def open(self, url: str, query: str = "", *, ready: bool = True) -> Page:
        origin = "/".join(url.split("/")[:3])

        def note(address: str) -> None:
            if not address.startswith((origin, "data:", "blob:")):
                self.strangers.append(address)

        self.page.on("request", lambda request: note(request.url))
        self.page.goto(url + query)
        if ready:
            self.page.wait_for_selector("body[data-ready]")
        return self.page


Show = Callable[[Catalog], str]


@pytest.fixture
def show() -> Iterator[Show]:
    """Serves a catalog until the visitor has left, and gives its address."""
    with ExitStack() as open_servers:
        yield lambda catalog: open_servers.enter_context(served(catalog))


@pytest.fixture
def visitor(chromium: Browser, show: Show) -> Iterator[Visitor]:
    """Leaves with an error if the page wrote one to its console, or left this machine."""
    with visiting(chromium) as found:
        yield found


@contextmanager
def visiting(chromium: Browser, **options: object) -> Iterator[Visitor]:
    size = {"width": 1280, "height": 800}
    context = chromium.new_context(**{"viewport": size, **options})  # type: ignore[arg-type]
    found = Visitor(context, context.new_page())
    found.page.set_default_timeout(PATIENCE)
    found.page.on("pageerror", lambda error: found.complaints.append(str(error)))
    found.page.on(
        "console",
        lambda message: found.complaints.append(message.text) if message.type == "error" else None,
    )
    try:
        yield found
    finally:
        context.close()
    unexpected = [
        each for each in found.complaints if found.expected is None or found.expected not in each
    ]
    assert unexpected == []
    assert found.strangers == []


@pytest.fixture(scope="session")
def run() -> MemoryRun:
    """Twenty steps, all kinds of series. Never changed."""
    return fake_run()


@pytest.fixture(scope="session")
def url(run: MemoryRun) -> Iterator[str]:
    """Where the run is shown."""
    with served(MemoryCatalog({"fake": run, "other": fake_run(range(0, 300, 30))})) as address:
        yield address


@contextmanager
def served(catalog: Catalog, *, prefix: str = "/") -> Iterator[str]:
    with serving(catalog, port=0, prefix=prefix, where="the folder") as address:
        yield address.url


@pytest.fixture(scope="session")
def what_if_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A page with a network, and a run whose probe it can be asked with."""
    file = tmp_path_factory.mktemp("weights") / "w-40.params"
    network().save_parameters(str(file))
    live = Live("vizframe.demo.mnist:network", str(file.with_name("w-*.params")), (1, 28, 28))
    info = fake_info("mnist").model_copy(update={"class_names": CLASSES})
    images = np.random.default_rng(0).random((6, 1, 28, 28)).astype(np.float32)
    catalog = MemoryCatalog({"mnist": MemoryRun(info, Probe(images, np.arange(6)))})
    with serving(catalog, port=0, live=live) as address:
        yield address.url
