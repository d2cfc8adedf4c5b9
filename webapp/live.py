"""Asking a network live: a picture comes in, the maps of a layer go out, laid out as by `body`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from flask import Response, request

from vizframe.errors import HistoryError, UsageError, VizframeError
from vizframe.history import History
from vizframe.history.encoding import encode
from vizframe.network.live import Live
from vizframe.network.probe import Normalization
from vizframe.webapp import caching
from vizframe.webapp import tile_bytes as body
from vizframe.webapp.open_runs import OpenRuns
from vizframe.webapp.request import text

BEST = 5
"""How many classes are named, the likeliest first."""

NO_MODEL = "there is no network to ask; start the page with one"

COMMAND = "vizframe serve runs --model nets:lenet --weights 'ckpt-*.params' --shape 1,28,28"


def describe(live: Live | None, images: Path | None = None) -> Response:
    """What can be asked: the size of a picture, and the layers; or why nothing can, and whether
    that may change: weights that a training will leave are not there before."""
    if live is None:
        return caching.document({"why": NO_MODEL, "cure": COMMAND, "again": False})
    try:
        known = live.layers()
        channels, height, width = live.input_shape
    except VizframeError as error:
        return caching.document({"why": str(error), "again": isinstance(error, UsageError)})
    layers = [
        {"name": each.name, "units": each.units, "shape": list(each.shape)}
        for each in known
        if len(each.shape) in (1, 3)
    ]
    return caching.document(
        {
            "channels": channels,
            "height": height,
            "width": width,
            "layers": layers,
            "images": images is not None,
        }
    )


def respond(live: Live | None, open_runs: OpenRuns, arguments: dict[str, str]) -> Response:
    """The maps of one layer for the picture that was sent: height · width · 3 bytes.

    Raises:
        UsageError: there is no network, or the picture is of another size.
    """
    if live is None:
        raise UsageError(f"{NO_MODEL}: {COMMAND}")
    _, height, width = shape = live.input_shape
    pixels = np.frombuffer(request.get_data(), np.uint8)
    if pixels.size != height * width * 3:
        raise UsageError(
            f"the picture has {pixels.size} bytes; it can have {height * width * 3}: "
            f"{height} rows of {width} times red, green and blue"
        )
    normalization, classes = _known(open_runs, arguments.get("run"), shape)
    layer = text(arguments, "layer")
    response = live.respond(pixels.reshape(height, width, 3), layer, normalization)
    head = {
        "layer": layer,
        "step": response.step,
        "signed": bool((response.maps < 0).any()),
        "best": _best(response.scores, classes),
    }
    packed = body.pack(encode(response.maps, 1), len(response.maps), head)
    return caching.body(packed, forever=False)


def _known(
    open_runs: OpenRuns, run: str | None, shape: Sequence[int]
) -> tuple[Normalization | None, Sequence[str]]:
    """How the run that is shown says that pictures relate to inputs, and what classes are called,
    if its probe is of the same shape."""
    if run is None:
        return None, ()
    try:
        with open_runs.run(run) as found:
            return _of_run(found.history, shape)
    except HistoryError:  # the page says what is wrong with it
        return None, ()


def _of_run(history: History, shape: Sequence[int]) -> tuple[Normalization | None, Sequence[str]]:
    probe = history.probe
    if probe is None or probe.images.shape[1:] != tuple(shape):
        return None, ()
    return probe.normalization, history.info.class_names


def _best(
    scores: np.ndarray[tuple[int], np.dtype[np.float32]], classes: Sequence[str]
) -> list[list[object]]:
    """Name and probability, by the softmax of the scores, of the likeliest classes."""
    if scores.ndim != 1 or not np.isfinite(scores).all():
        return []
    shares = np.exp(scores - scores.max())
    shares /= shares.sum()
    named = classes if len(classes) == len(scores) else [str(at) for at in range(len(scores))]
    order = np.argsort(-shares, kind="stable")[:BEST]
    return [[named[at], float(shares[at])] for at in order]
