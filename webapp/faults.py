"""What goes wrong while something is answered: a sentence for who asked, the rest in the log."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from dash import Dash
from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException

from vizframe.errors import VizframeError
from vizframe.webapp import callback_body

log = logging.getLogger("vizframe")

Given = ParamSpec("Given")
Shown = TypeVar("Shown")


def describe(error: Exception) -> str:
    """A sentence; the traceback of an error that nobody meant goes to the log."""
    if isinstance(error, VizframeError):
        return str(error)
    log.error("%s could not be answered", request.path, exc_info=error)
    return f"this cannot be shown: {type(error).__name__}; the log of vizframe serve says more"


def in_words(
    failed: Callable[[str], Shown],
) -> Callable[[Callable[Given, Shown]], Callable[Given, Shown]]:
    """Let a callback show a sentence where it breaks: one broken run breaks no page."""

    def decorate(callback: Callable[Given, Shown]) -> Callable[Given, Shown]:
        @wraps(callback)
        def answered(*given: Given.args, **named: Given.kwargs) -> Shown:
            try:
                return callback(*given, **named)
            except Exception as error:  # a run may hold anything
                return failed(describe(error))

        return answered

    return decorate


def answer_all(app: Dash) -> None:
    """Have every request answered: with 400 where Dash itself is told nonsense."""
    server: Flask = app.server

    @server.before_request
    def look_at_body() -> Response | None:
        if request.method != "POST" or not request.path.endswith(callback_body.ADDRESS):
            return None
        fault = callback_body.find_fault(request.get_data(), app.callback_map)
        return None if fault is None else refuse(fault, 400)

    @server.errorhandler(Exception)
    def tell(error: Exception) -> Response | HTTPException:
        if isinstance(error, HTTPException):
            return error
        log.info("%s was asked for wrongly", request.path, exc_info=error)
        if request.path.endswith(callback_body.ADDRESS):
            return refuse("the body is not one that the page sends", 400)
        return refuse(f"there is nothing at {request.path!r:.200}", 404)


def refuse(sentence: str, status: int) -> Response:
    """``{"error": sentence}`` with a status."""
    response = jsonify({"error": sentence})
    response.status_code = status
    response.headers["Cache-Control"] = "no-store"
    return response
