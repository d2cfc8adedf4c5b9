"""What is shown, as a file to take along: a picture, a film, or one page with all of the run."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Literal, cast, get_args

from flask import Response

from vizframe.errors import UsageError
from vizframe.history import History, SeriesKey
from vizframe.images.album import album
from vizframe.images.film import FilmScale, Look, film
from vizframe.images.gif import gif
from vizframe.images.png import png
from vizframe.images.video import check_installed, video
from vizframe.plugin import ignore_progress
from vizframe.webapp.request import declaration, number, steps, text

Form = Literal["png", "gif", "mp4", "webm", "html"]

TYPES: dict[Form, str] = {
    "png": "image/png",
    "gif": "image/gif",
    "mp4": "video/mp4",
    "webm": "video/webm",
    "html": "text/html",
}

MOST_PIXELS = 4096
"""The longer side of a tile."""

MOST_AREA = 64_000_000
"""Pixels of one picture; more would not fit a browser."""

MOST_STEPS = 60
"""Of a page; a film has all."""

RATES = (1, 60)


def exported(name: str, history: History, arguments: Mapping[str, str]) -> Response:
    """The file that an address asks for: ``as kind layer step scale pixels dark rate unit probe``.

    Raises:
        UsageError, UnknownName: it cannot be made of this run.
        MissingExtra: what writes films is not installed.
    """
    form = cast(Form, _one_of(arguments, "as", get_args(Form), "png"))
    look = _look(arguments)
    data, about = (
        _html(history, look) if form == "html" else _series(history, arguments, look, form)
    )
    response = Response(data, mimetype=TYPES[form])
    safe = re.sub(r"[^\w.=+-]", "_", f"{name}{about}", flags=re.ASCII)[:120]
    response.headers["Content-Disposition"] = f'attachment; filename="{safe}.{form}"'
    response.headers["Cache-Control"] = "no-store"
    return response


def _html(history: History, look: Look) -> tuple[bytes, str]:
    keys = list(history.declarations)
    recorded = sorted({step for key in keys for step in history.series_steps(key)})
    stride = max(1, -(-len(recorded) // MOST_STEPS))
    chosen = sorted({*recorded[::stride], *recorded[-1:]})
    whole = Look(look.scale, 64)
    return album(history, keys, chosen, whole, ignore_progress).encode(), ""


def _series(
    history: History, arguments: Mapping[str, str], look: Look, form: Form
) -> tuple[bytes, str]:
    found = declaration(history, text(arguments, "kind"), text(arguments, "layer"))
    key = found.key
    _refuse_large(history, key, look)
    about = f"-{key.kind}-{key.layer}"
    if form == "png":
        chosen = steps(history, found, text(arguments, "step"))[:1]
        for step, picture in film(history, key, chosen, look):
            return png(picture), f"{about}-step-{step}"
        raise UsageError(
            f"{key} had another shape at step {chosen[0]} than it has now; "
            "it can be exported at the steps since"
        )
    rate = number(arguments, "rate", 8)
    if not RATES[0] <= rate <= RATES[1]:
        raise UsageError(f"rate is {rate}; it can be {RATES[0]} to {RATES[1]} steps a second")
    pictures = (each for _, each in film(history, key, list(history.series_steps(key)), look))
    make: dict[Form, Callable[[], bytes]] = {
        "gif": lambda: gif(pictures, each=1000 / rate, last=1000.0),
        "mp4": lambda: video(pictures, rate, "mp4"),
        "webm": lambda: video(pictures, rate, "webm"),
    }
    if form != "gif":
        check_installed()
    return make[form](), about


def _look(arguments: Mapping[str, str]) -> Look:
    scales = {"unit": "unit", "step": "layer", "history": "history"}
    scale = scales[_one_of(arguments, "scale", tuple(scales), "history")]
    pixels = number(arguments, "pixels", 64)
    if not 1 <= pixels <= MOST_PIXELS:
        raise UsageError(f"pixels is {pixels}; it can be 1 to {MOST_PIXELS}")
    unit = number(arguments, "unit") if "unit" in arguments else None
    probe = number(arguments, "probe") if "probe" in arguments else None
    return Look(cast(FilmScale, scale), pixels, arguments.get("dark") == "true", unit, probe)


def _refuse_large(history: History, key: SeriesKey, look: Look) -> None:
    """Raises UsageError for a picture that no browser takes."""
    found = history.declarations[key]
    count = 1
    for axis, length in zip(found.tile_axes, found.tile_shape, strict=True):
        chosen = {"unit": look.unit, "probe": look.image}.get(axis)
        count *= 1 if chosen is not None else length
    if found.picture_shape and count * look.pixels**2 > MOST_AREA:
        most = max(1, int((MOST_AREA / count) ** 0.5))
        raise UsageError(
            f"{count} pictures of {look.pixels} pixels do not fit one; pixels can be up to {most}"
        )


def _one_of(arguments: Mapping[str, str], name: str, known: tuple[str, ...], otherwise: str) -> str:
    given = arguments.get(name, otherwise)
    if given not in known:
        raise UsageError(f"{name} is {given!r}; it can be {', '.join(known)}")
    return given
