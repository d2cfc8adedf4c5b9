"""What keeps strangers out of the app, and harmless what they can do: its gate, and its headers.

CSP     scripts from here alone, none inline but Dash's own, by hash
cookie  keeps the token that the first address had, and takes it out of sight
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from dash import Dash
from flask import Flask, Response, redirect, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from vizframe.webapp.gate import MOST_BYTES, Gate

COOKIE_SECONDS = 30 * 24 * 3600


NOTEBOOKS = (
    "http://localhost:*",
    "http://127.0.0.1:*",
    "https://localhost:*",
    "vscode-webview:",
    "https://*.vscode-cdn.net",
    "https://*.googleusercontent.com",
)
"""Where notebooks are shown: these may have the page in a frame, where it is to be framed."""


def protect(app: Dash, gate: Gate, *, framed: bool = False) -> None:
    """Call last: the policy names the hashes of all inline scripts that callbacks made.

    Args:
        framed: whether notebooks may embed the page.
    """
    server: Flask = app.server
    server.config["MAX_CONTENT_LENGTH"] = MOST_BYTES
    policy = _policy(app.csp_hashes(), NOTEBOOKS if framed else ())
    base = app.config.requests_pathname_prefix

    @server.before_request
    def refuse_strangers() -> AnyResponse | tuple[str, int] | None:
        query = request.query_string.decode("latin-1")
        refusal = gate.refuse(request.method, query, request.headers.get)
        if refusal is not None:
            return refusal.sentence, refusal.status
        if gate.told(query) and request.method == "GET" and "/api/" not in request.path:
            return _keep_token(gate, base)
        return None

    @server.after_request
    def add_headers(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = policy
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
        return response


def _keep_token(gate: Gate, base: str) -> AnyResponse:
    """The same address without the token, which a cookie keeps from now on."""
    rest = MultiDict((name, value) for name, value in request.args.items(True) if name != "token")
    answer = redirect(f"{request.path}?{_query(rest)}" if rest else request.path)
    answer.set_cookie(
        gate.cookie,
        gate.token,
        max_age=COOKIE_SECONDS,
        path=base,
        httponly=True,
        samesite="Lax",
        secure=request.is_secure,
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _query(arguments: MultiDict[str, str]) -> str:
    return urlencode(list(arguments.items(multi=True)))


def _policy(hashes: Sequence[str], frames: Sequence[str]) -> str:
    parts = {
        "default-src": "'self'",
        "script-src": " ".join(["'self'", *hashes]),
        "style-src": "'self' 'unsafe-inline'",  # React and Plotly set style attributes
        "img-src": "'self' data: blob:",
        "connect-src": "'self'",
        "object-src": "'none'",
        "base-uri": "'self'",
        "form-action": "'self'",
        "frame-ancestors": " ".join(["'self'", *frames]),
    }
    return "; ".join(f"{name} {value}" for name, value in parts.items())
