"""A notebook, run in a real kernel: its cell shows the live gallery in a real Chromium."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import expect

from tests.browser.conftest import Visitor
from vizframe.store import create
from vizframe.testing.runs import fake_info, fake_probe, fill

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@contextmanager
def served(page: str) -> Iterator[str]:
    """A notebook's own page, at an address other than the kernel's server."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/" else 204)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(page.encode() if self.path == "/" else b"")

        def log_message(self, format: str, *args: object) -> None:
            """Nothing is said."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://localhost:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.filterwarnings("ignore")  # nbclient's and its event loops': none of them is ours
def test_a_cell_shows_the_live_gallery_and_a_picture_that_stays(
    visitor: Visitor, tmp_path: Path
) -> None:
    with create(tmp_path / "mnist", fake_info(), fake_probe()) as writer:
        fill(writer, range(0, 30, 10))
    sources = (
        "import vizframe\nrun = vizframe.open('mnist')",
        "run['activation', 'conv0'].show(height=700)",
        "run",
    )
    cells = [new_code_cell(source) for source in sources]  # type: ignore[no-untyped-call]  # theirs
    notebook = new_notebook(cells=cells)  # type: ignore[no-untyped-call]  # likewise
    client = NotebookClient(
        notebook, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    )
    with client.setup_kernel():
        for index, cell in enumerate(notebook.cells):
            client.execute_cell(cell, index)
        shown, still = (cell.outputs[0]["data"]["text/html"] for cell in notebook.cells[1:])
        visitor.strangers = _Ignored()  # the kernel's server is another address, as it has to be
        with served(f"<!doctype html><title>n</title>{shown}{still}") as address:
            visitor.page.goto(address)
            frame = visitor.page.frame_locator("iframe")
            expect(frame.locator("#stage")).to_have_attribute("data-step", "20")
            expect(frame.locator("#stage h1")).to_contain_text("conv0")
            visitor.page.goto("about:blank")
    assert 'src="data:image/png;base64,' in still
    assert 'src="data:image/png;base64,' in shown


class _Ignored(list[str]):
    """Keeps nothing."""

    def append(self, _: str) -> None:
        return
