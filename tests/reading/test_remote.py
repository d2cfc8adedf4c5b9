"""A compacted run is read at an address, range by range."""

from __future__ import annotations

import importlib
import re
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import boto3
import fsspec
import numpy as np
import pytest
from moto.server import ThreadedMotoServer

import vizframe
from vizframe import store
from vizframe.errors import DamagedSegment, HistoryError, MissingExtra, UnknownName
from vizframe.reading.remote import RemoteCatalog, name_of
from vizframe.testing.runs import fake_info, fake_probe, fill


class Ranges(BaseHTTPRequestHandler):
    """Serves the files of a folder, and ranges of them if asked to."""

    protocol_version = "HTTP/1.1"

    def __init__(self, folder: Path, served: list[int], *args: object, ranges: bool = True) -> None:
        self.folder = folder
        self.served = served
        self.ranges = ranges
        super().__init__(*args)  # type: ignore[arg-type]  # what the server gives

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, *, body: bool) -> None:
        path = self.folder / self.path.lstrip("/")
        if not path.is_file():
            self.send_response(404)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        size = path.stat().st_size
        first, last = 0, size - 1
        asked = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        if asked and self.ranges:
            first, last = int(asked[1]), min(int(asked[2]), last)
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {first}-{last}/{size}")
        else:
            self.send_response(200)
        with path.open("rb") as file:
            file.seek(first)
            data = file.read(last + 1 - first)
        self.send_header("Accept-Ranges", "bytes" if self.ranges else "none")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if body:
            self.served.append(len(data))
            self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """One that many may call at once."""

    request_queue_size = 128


class Site:
    """A folder on 127.0.0.1."""

    def __init__(self, folder: Path, *, ranges: bool = True) -> None:
        self.served: list[int] = []
        handler = partial(Ranges, folder, self.served, ranges=ranges)
        self.server = Server(("127.0.0.1", 0), handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run, and the same run compacted."""
    folder = tmp_path_factory.mktemp("site")
    with store.create(folder / "run", fake_info("mnist"), fake_probe()) as writer:
        fill(writer, range(0, 100, 10))
    store.compact(folder / "run", folder / "mnist.h5")
    return folder


@pytest.fixture
def site(folder: Path) -> Iterator[Site]:
    site = Site(folder)
    yield site
    site.close()


def test_a_compacted_run_is_read_over_http(site: Site, folder: Path) -> None:
    with vizframe.open(folder / "run") as local, vizframe.open(f"{site.address}/mnist.h5") as run:
        assert run.info == local.info
        assert run.steps == local.steps
        assert list(run) == list(local)
        for kind, layer in run:
            np.testing.assert_array_equal(run[kind, layer].at(50), local[kind, layer].at(50))
        strip = run["gradient_ascent", "conv0"].unit(5)
        np.testing.assert_array_equal(strip, local["gradient_ascent", "conv0"].unit(5))
        assert run.probe is not None
        assert not run.refresh()


def test_only_what_is_asked_for_travels(site: Site, folder: Path) -> None:
    whole = (folder / "mnist.h5").stat().st_size
    with vizframe.open(f"{site.address}/mnist.h5") as run:
        opened = sum(site.served)
        run["gradient_ascent", "conv0"].at(50)
    assert opened < whole / 3
    assert sum(site.served) - opened < whole / 10


def test_any_file_system_of_fsspec_will_do(folder: Path) -> None:
    memory = fsspec.filesystem("memory")
    memory.pipe("/bucket/mnist.h5", (folder / "mnist.h5").read_bytes())
    with vizframe.open("memory://bucket/mnist.h5") as run:
        assert len(run.steps) == 10


def test_the_run_at_an_address_is_a_shelf_of_its_own(site: Site, folder: Path) -> None:
    catalog = RemoteCatalog(f"{site.address}/mnist.h5")
    (summary,) = catalog.runs()
    assert (summary.name, summary.steps, summary.last_step) == ("mnist", 10, 90)
    assert summary.bytes == (folder / "mnist.h5").stat().st_size
    history = catalog.open("mnist")
    assert history is catalog.open("mnist")
    assert summary.info == history.info
    with pytest.raises(UnknownName, match="run 'other' is not known; it can be 'mnist'"):
        catalog.open("other")


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://a.org/x/mnist.h5?v=2", "mnist"),
        ("s3://bucket/m.h5", "m"),
        ("https://a.org/", "https://a.org/"),
    ],
)
def test_a_run_is_called_as_its_file(address: str, name: str) -> None:
    assert name_of(address) == name


@pytest.fixture
def bucket(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The compacted run on an S3 server; the address of its bucket."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    for name, value in {
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
    }.items():
        monkeypatch.setenv(name, value)
    client = boto3.client("s3")
    client.create_bucket(Bucket="history")
    client.upload_file(str(folder / "mnist.h5"), "history", "runs/mnist.h5")
    yield "s3://history/runs"
    server.stop()


def test_a_compacted_run_is_read_from_a_bucket(bucket: str, folder: Path) -> None:
    with (
        vizframe.open(f"{bucket}/mnist.h5", skip_instance_cache=True) as run,
        vizframe.open(folder / "run") as local,
    ):
        assert list(run) == list(local)
        for kind, layer in run:
            np.testing.assert_array_equal(run[kind, layer].at(50), local[kind, layer].at(50))
        strip = run["gradient_ascent", "conv0"].unit(5)
        np.testing.assert_array_equal(strip, local["gradient_ascent", "conv0"].unit(5))


def test_what_is_not_in_the_bucket_is_said_so(bucket: str) -> None:
    address = f"{bucket}/nowhere.h5"
    with pytest.raises(HistoryError, match=re.escape(f"{address} is not there")):
        vizframe.open(address, skip_instance_cache=True)


def test_what_is_not_there_is_said_so(site: Site) -> None:
    address = f"{site.address}/nowhere.h5"
    with pytest.raises(HistoryError, match=re.escape(f"{address} is not there")):
        vizframe.open(address)


def test_a_server_that_does_not_answer_is_one_sentence() -> None:
    with pytest.raises(HistoryError, match=r"http://127\.0\.0\.1:9/x\.h5 cannot be read: "):
        vizframe.open("http://127.0.0.1:9/x.h5")


def test_a_server_without_ranges_is_refused(folder: Path) -> None:
    site = Site(folder, ranges=False)
    try:
        with pytest.raises(HistoryError, match="its server does not serve ranges"):
            vizframe.open(f"{site.address}/mnist.h5")
    finally:
        site.close()


def test_what_is_no_run_is_refused(site: Site, folder: Path) -> None:
    (folder / "text.h5").write_text("text " * 1000)
    with pytest.raises(DamagedSegment, match=re.escape(f"{site.address}/text.h5")):
        vizframe.open(f"{site.address}/text.h5")


def test_a_flipped_bit_on_the_way_gives_nan_and_nothing_wrong(folder: Path) -> None:
    data = bytearray((folder / "mnist.h5").read_bytes())
    data[len(data) // 2] ^= 1
    fsspec.filesystem("memory").pipe("/bucket/flipped.h5", bytes(data))
    lost = 0
    with (
        vizframe.open("memory://bucket/flipped.h5", xarray=False) as run,
        vizframe.open(folder / "run", xarray=False) as sound,
    ):
        for kind, layer in run:
            for step in run.steps:
                values, truth = (each[kind, layer].at(step).values for each in (run, sound))
                assert (np.isnan(values) | (values == truth)).all()
                lost += int(np.isnan(values).sum())
    assert lost > 0


def test_without_fsspec_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    with pytest.raises(MissingExtra, match=r"pip install 'vizframe\[remote\]'"):
        vizframe.open("https://example.org/x.h5")


def test_without_s3fs_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "s3fs", None)
    known = importlib.import_module("fsspec.registry")._registry
    monkeypatch.delitem(known, "s3", raising=False)
    with pytest.raises(MissingExtra, match=r"s3://bucket/x\.h5 needs .*'vizframe\[s3\]'"):
        vizframe.open("s3://bucket/x.h5", skip_instance_cache=True)


def test_an_unknown_kind_of_address_is_named() -> None:
    with pytest.raises(HistoryError, match=r"gopher://x/y cannot be read: .*gopher"):
        vizframe.open("gopher://x/y")
