"""Who may ask: looked at in the head of a request, before any of its body is read.

Host            only names this app is served under: a site that points its own name at this
                machine (DNS rebinding) gets 400
Sec-Fetch-Site  what another site's page asks for in the background gets 403
Origin          a write that another site's page makes gets 403, in browsers without the former too
token           where other machines are let in: who does not know it gets 401
Content-Length  bodies beyond the limit get 413, a body where none belongs 405
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import NamedTuple, Self
from urllib.parse import parse_qs, urlsplit

from vizframe.errors import UsageError

LOOPBACK = ("127.0.0.1", "localhost", "::1")
ANY = ("0.0.0.0", "::")

MOST_BYTES = 8 * 1024 * 1024
"""Of a body: a picture for the Live page."""

WRITES = ("POST", "PUT", "PATCH", "DELETE")

SHORTEST_TOKEN = 8

Header = Callable[[str], str | None]
"""A header's value by its name, in any case; None where it is missing."""


class Refusal(NamedTuple):
    """The status and a sentence."""

    status: int
    sentence: str


@dataclass(frozen=True, slots=True)
class Gate:
    """Lets requests in, or says why not.

    Attributes:
        hosts: names that the app is served under, beyond this machine's own.
        numbers: whether any numeric address is one of them: an attacker's site has a name.
        token: what a request must know; empty: nothing.
    """

    hosts: frozenset[str] = field(default_factory=frozenset)
    numbers: bool = False
    token: str = ""

    @classmethod
    def of(cls, host: str, trusted: Sequence[str] = (), token: str = "") -> Self:
        """The gate of an app that listens on this address.

        Raises:
            UsageError: the token is too short.
        """
        if token and (len(token) < SHORTEST_TOKEN or not token.isascii() or " " in token):
            raise UsageError(
                f"the token has {len(token)} characters; it can have {SHORTEST_TOKEN} or more, "
                "of ASCII and without blanks"
            )
        own = own_names() if host in ANY else (host,)
        return cls(frozenset(each.lower() for each in (*own, *trusted)), host in ANY, token)

    @property
    def cookie(self) -> str:
        """The name of the cookie that keeps the token: two apps of one machine have two."""
        return f"vizframe-{hashlib.sha256(self.token.encode()).hexdigest()[:8]}"

    def refuse(self, method: str, query: str, header: Header) -> Refusal | None:
        """Why this request is refused; None where it is let in."""
        if not self._is_ours(_host_of(header("Host") or "")):
            return Refusal(400, "this app is not served under the name that was asked for")
        if self._is_foreign(method, header):
            return Refusal(403, "another site's page asked for this")
        if self.token and not self._knows(query, header):
            return Refusal(
                401,
                "this page is for those who have its address with the token, which vizframe serve "
                "printed: …/?token=…",
            )
        return None

    def told(self, query: str) -> bool:
        """Whether the address itself has the right token."""
        return bool(self.token) and self._is_right(parse_qs(query).get("token", [""])[0])

    def _is_ours(self, host: str) -> bool:
        if host in LOOPBACK or host in self.hosts:
            return True
        if any(each.startswith(".") and host.endswith(each) for each in self.hosts):
            return True
        return self.numbers and _is_number(host)

    def _is_foreign(self, method: str, header: Header) -> bool:
        site = (header("Sec-Fetch-Site") or "").lower()
        navigates = (header("Sec-Fetch-Mode") or "").lower() == "navigate"
        writes = method.upper() in WRITES
        if site in ("cross-site", "same-site") and (writes or not navigates):
            return True
        origin = header("Origin")
        if not writes or origin is None or site == "same-origin":
            return False
        there, here = urlsplit(origin), header("Host") or ""
        return there.netloc.lower() != here.lower() and not self._is_trusted(_host_of(there.netloc))

    def _is_trusted(self, host: str) -> bool:
        """Whether a proxy's name is one that was named; localhost's other ports are not."""
        return host in self.hosts and host not in LOOPBACK and not _is_number(host)

    def _knows(self, query: str, header: Header) -> bool:
        kind, _, bearer = (header("Authorization") or "").partition(" ")
        if kind.lower() == "bearer" and self._is_right(bearer.strip()):
            return True
        try:
            kept = SimpleCookie(header("Cookie") or "").get(self.cookie)
        except CookieError:
            kept = None
        return (kept is not None and self._is_right(kept.value)) or self.told(query)

    def _is_right(self, token: str) -> bool:
        return hmac.compare_digest(token.encode("utf-8", "replace"), self.token.encode())


def new_token() -> str:
    """One that nobody guesses."""
    return secrets.token_urlsafe(24)


def own_names() -> tuple[str, ...]:
    """What other machines may call this one."""
    name = socket.gethostname()
    return tuple(dict.fromkeys((name, socket.getfqdn(), f"{name}.local")))


def own_address(family: socket.AddressFamily = socket.AF_INET) -> str:
    """The address under which other machines most likely reach this one; nothing is sent."""
    away = ("192.0.2.1", 9) if family == socket.AF_INET else ("2001:db8::1", 9)
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect(away)  # chooses the interface, and no more
            return str(probe.getsockname()[0])
    except OSError:  # no network: its name has to do
        return socket.gethostname()


def _host_of(netloc: str) -> str:
    """The name in ``name:port`` or ``[number]:port``, in small letters."""
    host = netloc.strip().lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True
