"""What a notebook shows: one server per kernel, a frame, and a picture that stays."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import numpy as np
import pytest

from vizframe import notebook
from vizframe.errors import UsageError
from vizframe.reading.named_array import NamedArray
from vizframe.reading.run import Run, open
from vizframe.store import create
from vizframe.testing.runs import fake_info, fake_probe, fake_run, fill


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with create(tmp_path / "mnist", fake_info("<b>mnist</b>"), fake_probe()) as writer:
        fill(writer, range(0, 30, 10))
    return tmp_path / "mnist"


@pytest.fixture(autouse=True)
def _kernel(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Each test has a kernel of its own."""
    monkeypatch.setattr(notebook, "_kernel", notebook._Kernel())
    yield
    notebook.stop()


def source(shown: notebook.Embedded) -> str:
    found = re.search(r'<iframe src="([^"]+)"', shown._repr_html_())
    assert found is not None
    return found[1].replace("&amp;", "&")


def test_a_run_and_its_series_are_shown_by_one_server(path: Path) -> None:
    with open(path) as run:
        whole, series = run.show(), run["weights", "conv0"].show(step=10, height=300)
    assert source(whole).split("?")[0] == source(series).split("?")[0]
    assert source(whole).endswith("?run=mnist")
    assert source(series).endswith("?run=mnist&kind=weights&layer=conv0&step=10")
    assert 'height="300"' in series._repr_html_()
    with urlopen(source(whole)) as page:
        policy = page.headers["Content-Security-Policy"]
        assert b"vizframe" in page.read()
    assert "frame-ancestors 'self' http://localhost:*" in policy
    base = source(whole).split("?")[0]
    with urlopen(f"{base}api/v1/run?run=mnist") as told:
        assert b'"steps"' in told.read()


def test_a_notebook_s_own_page_may_frame_it_and_write_nothing(path: Path) -> None:
    with open(path) as run:
        base = source(run.show()).split("?")[0]
    framed = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert urlopen(Request(base, headers=framed)).status == 200
    foreign = {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost:8888"}
    with pytest.raises(OSError, match="403"):
        urlopen(Request(f"{base}api/v1/notes?run=mnist", b"{}", headers=foreign))


def test_runs_of_one_name_are_told_apart(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "b" / "mnist"
    with create(other, fake_info(), fake_probe()) as writer:
        fill(writer, range(1))
    with open(path) as one, open(other) as two:
        assert source(one.show()).endswith("run=mnist")
        assert source(two.show()).endswith("run=mnist+%282%29")
        assert source(one.show()).endswith("run=mnist")


def test_a_run_in_memory_is_shown_too() -> None:
    run = Run(fake_run(range(0, 20, 10), name="memory").history())
    base, _, query = source(run.show()).partition("?")
    assert query == "run=memory"
    with urlopen(f"{base}api/v1/run?run=memory") as told:
        assert told.status == 200


def test_behind_a_hub_the_address_goes_through_its_proxy(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(notebook.HUB, "/user/ada/")
    with open(path) as run:
        address = source(run.show())
    assert re.match(r"/user/ada/proxy/absolute/\d+/\?run=mnist$", address)
    port = re.findall(r"\d+", address)[0]
    with urlopen(f"http://127.0.0.1:{port}{address}") as page:
        assert f'data-base="/user/ada/proxy/absolute/{port}/"'.encode() in page.read()


def test_a_proxy_is_named_before_and_not_after(path: Path) -> None:
    notebook.configure(prefix="/viz/{port}/")
    with open(path) as run:
        assert re.match(r"/viz/\d+/\?run=mnist$", source(run.show()))
    with pytest.raises(UsageError, match="call configure"):
        notebook.configure(prefix="/")


def test_a_picture_stays_when_the_server_is_gone(path: Path) -> None:
    with open(path) as run:
        for shown in (run.show()._repr_html_(), run._repr_html_()):
            assert 'src="data:image/png;base64,' in shown
            assert "&lt;b&gt;mnist" in shown
            assert "<b>mnist" not in shown
        series = run["activation", "conv0"]._repr_html_()
    assert "activation of conv0, step 20 of 3" in series


def test_a_named_array_says_its_axes() -> None:
    array = NamedArray(np.array([[1.0, np.nan]]), ("step", "<unit>"), {"step": np.array([10])})
    shown = array._repr_html_()
    assert "&lt;unit&gt;" in shown
    assert "from 1 to 1" in shown
