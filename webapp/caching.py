"""What a browser may keep, and what is worth compressing.

A committed step never changes, and every address carries the run's id and the step's time, so
pixels are kept for good, unless a tile of them is missing: what is damaged may be restored.
Everything else is asked for again, and answered with 304 when the run
is as it was.
"""

from __future__ import annotations

import hashlib
import ipaddress
import json
import zlib
from typing import NamedTuple, Self

from flask import Response, request

from vizframe.webapp.numbers import sayable

FOREVER = "private, max-age=31536000, immutable"
ASK_AGAIN = "private, no-cache"
NEVER = "no-store"

FAR = "vizframe-far"
"""The beginning of the name of the cookie that a page far away sends along."""

SMALL = 8 * 1024
"""Bytes that fit a few network packets whether compressed or not."""

SAMPLE = 64 * 1024
WORTH = 0.8
"""Deflated over raw: above this, inflating costs the reader more than the network saves."""


def body(data: bytes, *, forever: bool) -> Response:
    """Raw bytes, deflated for readers far away where that pays."""
    response = Response(data, mimetype="application/octet-stream")
    response.headers["Cache-Control"] = FOREVER if forever else NEVER
    _compress(response, level=1)
    return response


class Document(NamedTuple):
    """JSON as bytes, and what tells it from others."""

    data: bytes
    tag: str

    @classmethod
    def of(cls, content: object) -> Self:
        """The content as JSON; NaN and infinities become null."""
        try:
            data = json.dumps(content, separators=(",", ":"), allow_nan=False).encode()
        except ValueError:  # a run's own texts and parameters may hold NaN
            data = json.dumps(sayable(content), separators=(",", ":"), allow_nan=False).encode()
        return cls(data, hashlib.blake2b(data, digest_size=16).hexdigest())


def document(content: object) -> Response:
    """JSON that may have changed when it is asked for again."""
    return answer(Document.of(content))


def answer(made: Document) -> Response:
    """One that was made before."""
    response = Response(made.data, mimetype="application/json")
    response.headers["Cache-Control"] = ASK_AGAIN
    response.set_etag(made.tag)
    response.make_conditional(request)
    if response.status_code == 200:
        _compress(response, level=6)
    return response


def _compress(response: Response, level: int) -> None:
    response.headers["Vary"] = "Accept-Encoding"
    data = response.get_data()
    if len(data) < SMALL or is_near() or not request.accept_encodings.quality("deflate"):
        return
    sample = data[:SAMPLE]
    if len(zlib.compress(sample, 1)) > WORTH * len(sample):
        return
    response.set_data(zlib.compress(data, level))
    response.headers["Content-Encoding"] = "deflate"


def is_near() -> bool:
    """Whether the reader is this machine: moving bytes then costs less than inflating them.

    At the end of a tunnel there is this machine too: the page itself finds that out by its clock,
    and says it in a cookie (assets/viewer/distance.js), one for each port that it is reached by.
    """
    port = request.host.rpartition(":")[2]
    if "X-Forwarded-For" in request.headers or f"{FAR}-{port}" in request.cookies:
        return False
    try:
        return ipaddress.ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False
