"""Serving the app on this machine."""

from __future__ import annotations

import errno
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict, Unpack
from urllib.parse import quote

from dash import Dash
from waitress.wasyncore import close_all

from vizframe.errors import UsageError, VizframeError
from vizframe.history import Catalog
from vizframe.network.live import Live
from vizframe.webapp.app import create_app
from vizframe.webapp.connections import bounded_server
from vizframe.webapp.gate import ANY, LOOPBACK, Gate, new_token, own_address

THREADS = 8
"""A page keeps six connections open at once."""

SEND_BUFFER = 1024 * 1024
"""Waitress hands the socket as much at a time as its send buffer holds."""

OUTBUF_BYTES = 64 * 1024 * 1024
"""By default Waitress writes answers beyond 1 MB to a file before it sends them."""


class Options(TypedDict, total=False):
    """What `serving` takes."""

    host: str
    port: int
    prefix: str
    trusted_hosts: Sequence[str]
    allow_remote: bool
    token: str
    where: str
    live: Live | None
    images: Path | None
    framed: bool


@dataclass(frozen=True, slots=True)
class Address:
    """Where a page is."""

    host: str
    port: int
    prefix: str = "/"
    token: str = ""

    @property
    def url(self) -> str:
        """Where the app is."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}{self.prefix}"

    @property
    def invitation(self) -> str:
        """The address that lets one in: with the token, where there is one."""
        return f"{self.url}?token={quote(self.token)}" if self.token else self.url


class Serving:
    """An app that listens: `run` it here, or use it in a ``with`` that runs it in a thread."""

    def __init__(self, app: Dash, host: str, port: int, gate: Gate) -> None:
        listening = _listen(host, port)
        self._server = bounded_server(
            app.server,
            listening,
            gate,
            threads=THREADS,
            outbuf_overflow=OUTBUF_BYTES,
            outbuf_high_watermark=OUTBUF_BYTES,  # who reads slowly stops no thread
            ident="vizframe",
        )
        prefix = app.config.requests_pathname_prefix
        shown = own_address(listening.family) if host in ANY else host
        self.address = Address(shown, listening.getsockname()[1], prefix, gate.token)

    def run(self) -> None:
        """Serve until interrupted."""
        try:
            self._server.run()
        finally:
            self._server.close()

    def __enter__(self) -> Address:
        self._thread = threading.Thread(
            target=self._server.run, name="vizframe serves", daemon=True
        )
        self._thread.start()
        return self.address

    def __exit__(self, *exc: object) -> None:
        # Only the serving thread may touch its sockets; with none left, its loop ends.
        self._server.trigger.pull_trigger(lambda: close_all(self._server._map))
        self._thread.join()
        self._server.task_dispatcher.shutdown()


def serving(
    catalog: Catalog,
    *,
    host: str = "127.0.0.1",
    port: int = 8075,
    prefix: str = "/",
    trusted_hosts: Sequence[str] = (),
    allow_remote: bool = False,
    token: str = "",
    where: str = "",
    live: Live | None = None,
    images: Path | None = None,
    framed: bool = False,
) -> Serving:
    """The app over a catalog, listening.

    Args:
        port: 0 picks a free one.
        token: what who asks must know; where other machines are let in, there always is one.
        where: the runs directory in words, for the sentence that says it is empty.
        live: a network that the Live page and What if ask.
        images: a folder of pictures in a folder per class, which What if measures accuracy on.
        framed: whether notebooks may embed the page.

    Raises:
        UsageError: the host is not this machine and ``allow_remote`` is not given, the token is too
            short, or a place cannot be.
        VizframeError: the port is taken.
    """
    host = host.strip("[]")  # an address of IPv6 as it stands in a URL
    _check_place(host, port)
    if host not in LOOPBACK and not allow_remote:
        raise UsageError(
            f"the host is {host!r}; it can be 127.0.0.1, or any other with --allow-remote: "
            "whoever has the address that it prints then sees the runs"
        )
    if not token and host not in LOOPBACK:
        token = new_token()
    gate = Gate.of(host, trusted_hosts, token)
    app = create_app(
        catalog, prefix=prefix, gate=gate, where=where, live=live, images=images, framed=framed
    )
    return Serving(app, host, port, gate)


def serve(
    catalog: Catalog, *, ready: Callable[[Address], None] | None = None, **options: Unpack[Options]
) -> None:
    """Serve until interrupted; ``ready`` is told the address once connections are accepted."""
    served = serving(catalog, **options)
    if ready is not None:
        ready(served.address)
    served.run()


def _check_place(host: str, port: int) -> None:
    """Raises UsageError."""
    if not host:
        raise UsageError("the host is empty; it can be 127.0.0.1, or 0.0.0.0 for all addresses")
    if not 0 <= port <= 65535:
        raise UsageError(f"the port is {port}; it can be 1 to 65535, or 0 to pick a free one")


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
            raise UsageError(
                f"the host is {host!r} ({error.strerror}); it can be an address of this machine, "
                "such as 127.0.0.1, or 0.0.0.0 for all"
            ) from None
        raise VizframeError(
            f"port {port} of {host} cannot be served ({error.strerror}); "
            "choose another with --port, or let --port 0 pick a free one"
        ) from None
    listening.listen(128)
    return listening
