"""The addresses of what a page loads at its start, under a digest that makes them kept for good."""

from __future__ import annotations

from flask import Blueprint, Response, request

from vizframe.webapp.bundles import TYPES, Bundles
from vizframe.webapp.caching import ASK_AGAIN, FOREVER
from vizframe.webapp.faults import refuse


def blueprint(bundles: Bundles) -> Blueprint:
    """``/DIGEST/NAME``; of an older page that is open still, the newest file, not to be kept."""
    found = Blueprint("start", __name__)

    def file(digest: str, name: str) -> Response:
        newest = bundles.newest()
        if name not in newest.files:
            return refuse(f"there is no address {request.path!r}", 404)
        response = Response(newest.files[name], content_type=f"{TYPES[name]}; charset=utf-8")
        response.headers["Cache-Control"] = FOREVER if digest == newest.digest else ASK_AGAIN
        return response

    found.get("/<digest>/<name>")(file)
    return found
