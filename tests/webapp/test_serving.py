"""Serving on this machine."""

from __future__ import annotations

import re
import socket
import urllib.error
import urllib.request
from contextlib import ExitStack

import pytest

from vizframe.errors import UsageError, VizframeError
from vizframe.history.memory import MemoryCatalog
from vizframe.testing.runs import fake_run
from vizframe.webapp import connections, serving
from vizframe.webapp.serving import Options


def test_port_0_picks_a_free_one_and_the_end_is_the_end() -> None:
    with serving(MemoryCatalog({"fake": fake_run(range(0, 20, 10))}), port=0) as address:
        with urllib.request.urlopen(f"{address.url}api/v1/runs") as answer:
            assert answer.status == 200
        port = address.port
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", port), timeout=60).close()


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
        local = f"http://127.0.0.1:{address.port}/api/v1/runs"
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(local)
        for way in (local, f"{address.url}api/v1/runs"):
            with urllib.request.urlopen(f"{way}?token={address.token}") as answer:
                assert answer.read() == b"[]"
        browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        with browser.open(address.invitation) as page:
            assert b"vizframe" in page.read()
            assert page.url == address.url


def test_the_loopback_of_ipv6_is_this_machine() -> None:
    with serving(MemoryCatalog({}), host="::1", port=0) as address:
        assert address.url == f"http://[::1]:{address.port}/"
        with urllib.request.urlopen(f"{address.url}api/v1/runs") as answer:
            assert answer.read() == b"[]"


def talk(port: int, said: bytes, *, until: bytes = b"") -> bytes:
    """What the server answers to these bytes, until it closes or has said that."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as line:
        line.sendall(said)
        return hear(line, until)


def hear(line: socket.socket, until: bytes = b"") -> bytes:
    heard = b""
    while data := line.recv(1 << 16):
        heard += data
        if until and until in heard:
            break
    return heard


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("Sec-Fetch-Site: cross-site\r\nContent-Length: 1000000", b"403 Forbidden"),
        ("Origin: http://evil.test\r\nTransfer-Encoding: chunked", b"403 Forbidden"),
        ("Expect: 100-continue\r\nContent-Length: 9000000", b"413 "),
        ("Content-Length: 99999999999", b"413 "),
        ("Host: evil.test\r\nContent-Length: 10", b"400 Bad Request"),
    ],
)
def test_an_upload_is_refused_before_it_is_read(head: str, expected: bytes) -> None:
    host = "" if "Host" in head else "Host: localhost\r\n"
    said = f"POST /api/v1/live HTTP/1.1\r\n{host}{head}\r\n\r\n".encode()
    with serving(MemoryCatalog({}), port=0) as address:
        assert talk(address.port, said).startswith(b"HTTP/1.1 " + expected)


@pytest.mark.parametrize("start", ["POST /api/v1/runs", "GET /api/v1/live", "PUT /x"])
def test_nothing_is_uploaded_where_no_body_belongs(start: str) -> None:
    said = f"{start} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n".encode()
    with serving(MemoryCatalog({}), port=0) as address:
        assert talk(address.port, said).startswith(b"HTTP/1.1 405 Method Not Allowed")


ASK = b"GET /api/v1/runs HTTP/1.1\r\nHost: localhost\r\n\r\n"


def test_who_waits_for_leave_to_send_nothing_is_answered() -> None:
    asked = ASK.replace(b"Host", b"Expect: 100-continue\r\nHost")
    with serving(MemoryCatalog({}), port=0) as address:
        assert talk(address.port, asked, until=b"[]").startswith(b"HTTP/1.1 200 OK")


def test_idle_and_half_sent_connections_shut_nobody_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "MOST", 20)
    for limit in ("IDLE", "ARRIVAL"):
        monkeypatch.setattr(connections, limit, 1000.0)  # they do not end by themselves
    with serving(MemoryCatalog({}), port=0) as address, ExitStack() as stack:
        for number in range(60):
            line = socket.create_connection(("127.0.0.1", address.port), timeout=60)
            stack.callback(line.close)
            if number % 2:
                line.sendall(ASK[:20])
        for _ in range(5):
            assert b"200 OK" in talk(address.port, ASK, until=b"[]")


@pytest.mark.parametrize("said", [b"", ASK[:20], ASK])
def test_a_connection_that_does_nothing_ends(monkeypatch: pytest.MonkeyPatch, said: bytes) -> None:
    with (
        serving(MemoryCatalog({}), port=0) as address,
        socket.create_connection(("127.0.0.1", address.port), timeout=60) as line,
    ):
        line.sendall(said)
        if said == ASK:
            assert hear(line, until=b"[]").endswith(b"[]")
        monkeypatch.setattr(connections, "IDLE", 0.1)
        monkeypatch.setattr(connections, "ARRIVAL", 0.1)
        assert hear(line) == b""


def test_an_answer_that_nobody_takes_ends() -> None:
    now = 1000.0
    channel = connections.BoundedChannel.__new__(connections.BoundedChannel)
    channel.requests, channel.last_activity = [], now
    channel.total_outbufs_len = 10_000_000
    assert not channel.is_over(now)
    channel.total_outbufs_len -= 100_000
    assert not channel.is_over(now + 10)
    assert not channel.is_over(now + 29)
    assert channel.is_over(now + 31)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"prefix": "/ü/"}, "the prefix is '/ü/'; it can be a path such as /viz/"),
        ({"prefix": "http://x/viz"}, "the prefix is 'http://x/viz'"),
        ({"prefix": "/a/../b"}, "the prefix is '/a/../b'"),
        ({"prefix": "<x>"}, "the prefix is '<x>'"),
        ({"port": -1}, "the port is -1; it can be 1 to 65535, or 0"),
        ({"host": ""}, "the host is empty; it can be 127.0.0.1"),
        ({"host": "256.1.1.1", "allow_remote": True}, "an address of this machine"),
        ({"host": "192.0.2.7", "allow_remote": True}, "an address of this machine"),
    ],
)
def test_a_place_that_cannot_be_is_one_sentence(given: Options, sentence: str) -> None:
    asked: Options = {"port": 0, **given}
    with pytest.raises(UsageError, match=re.escape(sentence)):
        serving(MemoryCatalog({}), **asked)


def test_an_address_may_stand_as_in_a_url() -> None:
    with serving(MemoryCatalog({}), host="[::1]", port=0, prefix="/user/a@b/8075") as address:
        assert address.url == f"http://[::1]:{address.port}/user/a@b/8075/"
        with urllib.request.urlopen(f"{address.url}api/v1/runs") as answer:
            assert answer.status == 200


def test_the_address_of_a_prefix_says_it() -> None:
    with serving(MemoryCatalog({}), port=0, prefix="viz") as address:
        assert address.url == f"http://127.0.0.1:{address.port}/viz/"
        with urllib.request.urlopen(f"{address.url}api/v1/runs") as answer:
            assert answer.status == 200
