"""Scripts, styles and pages, compressed: they shrink to a quarter.

A tunnel (``ssh -L``) makes whoever looks from afar look like someone on this machine, so these are
compressed for everyone: each content once, and inflating it costs a browser a few milliseconds.
What the page asks for over and over is another matter: the API sees to it (`caching`), and what
Dash's callbacks answer, tables and figures, is compressed for who is far away.
"""

from __future__ import annotations

import gzip
import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from flask import Flask, Response, request

from vizframe.webapp.caching import is_near

TEXTS = {"text/html", "text/css", "text/javascript", "application/javascript", "image/svg+xml"}
"""What is compressed; JSON of the API has rules of its own."""

SMALL = 1024
"""Bytes that fit one packet anyway."""

MOST = 16 * 1024 * 1024
"""Compressed bytes that are kept; all of Dash's scripts are 3 MB."""

LEVEL = 9
QUICK = 4
"""Of what is answered once."""

CALLBACKS = "/_dash-"
"""In the addresses of what Dash asks for."""


@dataclass(eq=False)
class Packed:
    """Contents that were compressed, the one asked for last at the end."""

    kept: OrderedDict[bytes, bytes] = field(default_factory=OrderedDict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, data: bytes) -> bytes:
        """The same, compressed."""
        key = hashlib.blake2b(data, digest_size=16).digest()
        found = self.kept.get(key) or gzip.compress(data, LEVEL, mtime=0)
        with self.lock:
            self.kept[key] = found
            self.kept.move_to_end(key)
            while sum(map(len, self.kept.values())) > MOST:
                self.kept.popitem(last=False)
        return found


def pack_texts(server: Flask) -> None:
    """Compress the texts that this server answers with, for those who accept it."""
    packed = Packed()

    @server.after_request
    def pack(response: Response) -> Response:
        if response.status_code != 200:
            return response
        if response.mimetype in TEXTS:
            response.headers.setdefault("Cache-Control", "private, no-cache")
            _replace_body(response, packed.of)
        elif CALLBACKS in request.path and not is_near():
            _replace_body(response, lambda data: gzip.compress(data, QUICK))
        return response


def _replace_body(response: Response, pack: Callable[[bytes], bytes]) -> None:
    response.headers.add("Vary", "Accept-Encoding")
    if "Content-Encoding" in response.headers or not request.accept_encodings["gzip"]:
        return
    response.direct_passthrough = False  # files of the assets come as open files
    data = response.get_data()
    if len(data) <= SMALL:
        return
    response.set_data(pack(data))
    response.headers["Content-Encoding"] = "gzip"
    response.headers.pop("Accept-Ranges", None)
    tag, _ = response.get_etag()
    if tag is not None:
        response.set_etag(tag, weak=True)  # the same content in other bytes
