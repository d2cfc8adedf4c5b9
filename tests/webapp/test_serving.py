"""Serving on this machine."""

from __future__ import annotations

import socket
import urllib.request

import pytest

from vizframe.errors import UsageError, VizframeError
from vizframe.history.memory import MemoryCatalog
from vizframe.testing.runs import fake_run
from vizframe.webapp import serving


def test_port_0_picks_a_free_one_and_the_end_is_the_end() -> None:
    with serving(MemoryCatalog({"fake": fake_run(range(0, 20, 10))}), port=0) as address:
        with urllib.request.urlopen(f"{address.url}api/v1/runs") as answer:
            assert answer.status == 200
        port = address.port
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", port), timeout=2).close()


def test_a_busy_port_is_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(VizframeError) as caught:
            serving(MemoryCatalog({}), port=port)
    assert str(caught.value) == (
        f"port {port} of 127.0.0.1 cannot be served (Address already in use); "
        "choose another with --port, or let --port 0 pick a free one"
    )


def test_other_machines_are_let_in_only_on_demand() -> None:
    with pytest.raises(UsageError, match=r"any other with --allow-remote"):
        serving(MemoryCatalog({}), host="0.0.0.0", port=0)
    with serving(MemoryCatalog({}), host="0.0.0.0", port=0, allow_remote=True) as address:
        request = urllib.request.Request(f"http://127.0.0.1:{address.port}/api/v1/runs")
        with urllib.request.urlopen(request) as answer:
            assert answer.read() == b"[]"


def test_the_address_of_a_prefix_says_it() -> None:
    with serving(MemoryCatalog({}), port=0, prefix="viz") as address:
        assert address.url == f"http://127.0.0.1:{address.port}/viz/"
        with urllib.request.urlopen(f"{address.url}api/v1/runs") as answer:
            assert answer.status == 200
