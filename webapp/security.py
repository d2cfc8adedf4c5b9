"""What keeps strangers out of a page that is served on one's own machine.

Host header     only names this app is served under: a site that points its own name at
                127.0.0.1 (DNS rebinding) gets 400
Sec-Fetch-Site  a request that another site's page makes gets 403
CSP             scripts from here alone, none inline but Dash's own, by hash
size            bodies beyond 8 MB get 413
"""

from __future__ import annotations

from collections.abc import Sequence

from dash import Dash
from flask import Flask, Response, abort, request

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")

MOST_BYTES = 8 * 1024 * 1024

WRITES = ("POST", "PUT", "PATCH", "DELETE")


def protect(app: Dash, hosts: Sequence[str] = ()) -> None:
    """Call last: the policy names the hashes of all inline scripts that callbacks made."""
    server: Flask = app.server
    server.config["TRUSTED_HOSTS"] = [*LOOPBACK, *hosts]
    server.config["MAX_CONTENT_LENGTH"] = MOST_BYTES
    policy = _policy(app.csp_hashes())
    server.before_request(_refuse_strangers)

    @server.after_request
    def add_headers(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = policy
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
        return response


def _refuse_strangers() -> None:
    other_site = request.headers.get("Sec-Fetch-Site") == "cross-site"
    navigates = request.headers.get("Sec-Fetch-Mode") == "navigate"
    if other_site and (request.method in WRITES or not navigates):
        abort(403)


def _policy(hashes: Sequence[str]) -> str:
    parts = {
        "default-src": "'self'",
        "script-src": " ".join(["'self'", *hashes]),
        "style-src": "'self' 'unsafe-inline'",  # React and Plotly set style attributes
        "img-src": "'self' data: blob:",
        "connect-src": "'self'",
        "object-src": "'none'",
        "base-uri": "'self'",
        "form-action": "'self'",
        "frame-ancestors": "'self'",
    }
    return "; ".join(f"{name} {value}" for name, value in parts.items())
