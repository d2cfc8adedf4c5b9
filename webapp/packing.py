"""Scripts, styles and pages, compressed: they shrink to a quarter.

A tunnel (``ssh -L``) makes whoever looks from afar look like someone on this machine, so these are
compressed for everyone: each content once, and inflating it costs a browser a few milliseconds.
What the page asks for over and over is another matter (`caching`).
"""

from __future__ import annotations

import gzip
import hashlib
import threading
from collections import OrderedDict
from dataclasses import dataclass, field

from flask import Flask, Response, request

TEXTS = {"text/html", "text/css", "text/javascript", "application/javascript", "image/svg+xml"}
"""What is compressed; JSON of the API has rules of its own."""

SMALL = 1024
"""Bytes that fit one packet anyway."""

MOST = 16 * 1024 * 1024
"""Compressed bytes that are kept; all of Dash's scripts are 3 MB."""

LEVEL = 9


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
        if response.mimetype not in TEXTS or response.status_code != 200:
            return response
        response.headers.setdefault("Cache-Control", "private, no-cache")
        response.headers.add("Vary", "Accept-Encoding")
        if "Content-Encoding" not in response.headers and request.accept_encodings["gzip"]:
            _replace_body(response, packed)
        return response


def _replace_body(response: Response, packed: Packed) -> None:
    response.direct_passthrough = False  # files of the assets come as open files
    data = response.get_data()
    if len(data) <= SMALL:
        return
    response.set_data(packed.of(data))
    response.headers["Content-Encoding"] = "gzip"
    response.headers.pop("Accept-Ranges", None)
    tag, _ = response.get_etag()
    if tag is not None:
        response.set_etag(tag, weak=True)  # the same content in other bytes
