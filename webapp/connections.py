"""Connections, bounded in number and in time, so that nobody keeps others from the page.

Waitress answers each request in one of a few threads, and reads and sends in one more that waits
for all sockets at once: an idle or slow connection costs a socket and no thread. What it leaves
open is closed here: it would stop listening at a hundred connections, and wait two minutes for
each. Other servers (gunicorn's threads, hypercorn, granian) would bound these too, but take a
process, an event loop or a compiled extension for it, and none of them looks at a request's head
before its body.

    idle, between two requests     IDLE seconds
    a request that arrives         ARRIVAL seconds from its first byte to its last
    an answer that nobody takes    SENDING seconds without progress of RATE bytes a second
    too many                       the one that has been idle for longest makes room
"""

from __future__ import annotations

import logging
import resource
import socket
import time
from typing import Any

from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import TcpWSGIServer
from waitress.task import ThreadedTaskDispatcher
from waitress.utilities import BadRequest, Error

from vizframe.webapp.gate import MOST_BYTES, WRITES, Gate, Refusal

IDLE = 15.0
ARRIVAL = 10.0
SENDING = 20.0
RATE = 4096
MOST = 512
"""Connections at once, or half of the descriptors that the process may have."""

REASONS = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 405: "Method Not Allowed"}
REASONS |= {413: "Request Entity Too Large"}

WHERE_BODIES_BELONG = (
    "_dash-update-component",
    "api/v1/live",
    "api/v1/whatif",
    "api/v1/notes",
)


class CheckedParser(HTTPRequestParser):  # type: ignore[misc]  # Waitress has no types
    """Refuses a request when its head is there, so that its body is never read."""

    gate = Gate()

    def parse_header(self, header_plus: bytes) -> None:
        super().parse_header(header_plus)
        if not self._has_body:
            self.expect_continue = False  # else Waitress says "go on", and waits for nothing
        refusal = self.gate.refuse(self.command, self.query, self._header) or self._misplaced()
        if refusal is not None:
            self.error = _error(refusal)
            self.body_rcv = None  # nothing more is expected of it
            self.content_length = 0
            self.expect_continue = False

    def _header(self, name: str) -> str | None:
        value: str | None = self.headers.get(name.upper().replace("-", "_"))
        return value

    @property
    def _has_body(self) -> bool:
        return bool(self.chunked or self.content_length)

    def _misplaced(self) -> Refusal | None:
        """Why its body is not read. A browser that waits for leave to send it is told at once."""
        if self.content_length > MOST_BYTES:
            return Refusal(413, f"it has {self.content_length} bytes; it can have {MOST_BYTES}")
        belongs = self.command in WRITES and self.path.endswith(WHERE_BODIES_BELONG)
        return Refusal(405, "nothing is uploaded here") if self._has_body and not belongs else None


def _error(refusal: Refusal) -> Error:
    error = BadRequest(refusal.sentence)
    error.code, error.reason = refusal.status, REASONS[refusal.status]
    return error


class BoundedChannel(HTTPChannel):  # type: ignore[misc]  # Waitress has no types
    """One connection, which knows since when it does what it does."""

    begun: float | None = None
    """When the first byte of a request came that is not there yet."""
    sent = (0.0, 0)
    """When the answer was last looked at, and how much of it was left."""

    def received(self, data: bytes) -> bool:
        done: bool = super().received(data)
        if self.request is None:
            self.begun = None
        elif self.begun is None:
            self.begun = time.time()
        return done

    def is_over(self, now: float) -> bool:
        """Whether it has had its time."""
        left = self.total_outbufs_len
        if left:
            since, before = self.sent
            if not since or before - left >= RATE * (now - since) or left > before:
                self.sent = (now, left)
                return False
            return now - since > SENDING
        self.sent = (0.0, 0)
        if self.requests:
            return False
        if self.begun is not None:
            return now - self.begun > ARRIVAL
        return bool(now - self.last_activity > IDLE)

    @property
    def is_waiting(self) -> bool:
        """Whether nothing of it is being answered or sent."""
        return not (self.requests or self.total_outbufs_len)


class BoundedServer(TcpWSGIServer):  # type: ignore[misc]  # Waitress has no types
    """Closes connections that have had their time, and makes room for new ones."""

    def maintenance(self, now: float) -> None:
        for channel in self.active_channels.values():
            if channel.is_over(now):
                channel.will_close = True

    def handle_accept(self) -> None:
        if len(self.active_channels) >= most_connections():
            self._make_room()
        super().handle_accept()

    def _make_room(self) -> None:
        """Close the connection that has been silent for longest, of those that wait for nothing."""
        waiting = [each for each in self.active_channels.values() if each.is_waiting]
        for channel in sorted(waiting, key=lambda each: each.last_activity)[:1]:
            channel.handle_close()


def most_connections() -> int:
    """How many there may be."""
    descriptors, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST if descriptors == resource.RLIM_INFINITY else min(MOST, descriptors // 2)


def bounded_server(app: Any, listening: socket.socket, gate: Gate, **options: Any) -> BoundedServer:
    """A server of the app on a socket that listens."""
    parser = type("GatedParser", (CheckedParser,), {"gate": gate})
    channel = type("GatedChannel", (BoundedChannel,), {"parser_class": parser})
    server = type("GatedServer", (BoundedServer,), {"channel_class": channel})
    # It would say on the terminal how many requests wait, at each of them.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    settings = Adjustments(
        sockets=[listening],
        max_request_body_size=MOST_BYTES + 1,
        inbuf_overflow=2 * MOST_BYTES,  # no body is ever written to a disk
        connection_limit=1 << 20,  # room is made instead
        cleanup_interval=1,
        asyncore_use_poll=True,
        **options,
    )
    threads = ThreadedTaskDispatcher()
    threads.set_thread_count(settings.threads)
    kind = (listening.family, listening.type, listening.proto, listening.getsockname())
    made: BoundedServer = server(
        app,
        {},
        True,
        listening,
        dispatcher=threads,
        adj=settings,
        bind_socket=False,
        sockinfo=kind,
    )
    return made
