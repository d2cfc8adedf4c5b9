"""Asking a network live: a picture comes in, a layer's maps go out as `tile_bytes` packs them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from flask import Response, request

from vizframe.asking.apart import Apart
from vizframe.asking.at_hand import AtHand
from vizframe.errors import HistoryError, UsageError, VizframeError
from vizframe.history import History
from vizframe.history.encoding import encode
from vizframe.network.probe import Normalization
from vizframe.webapp import caching, tile_bytes
from vizframe.webapp.asked import Networks, NoNetwork, weights
from vizframe.webapp.open_runs import OpenRuns
from vizframe.webapp.request import number, text

BEST = 5
"""How many classes are named, the likeliest first."""

NEWEST = "newest"
"""In the address, in place of a step."""


def describe(
    networks: Networks, arguments: Mapping[str, str], images: Path | None = None
) -> Response:
    """What can be asked: the size of a picture, and the layers; or why nothing can, and whether
    that may change: weights that a training will leave are not there before."""
    asked = networks.find(arguments.get("run"))
    if isinstance(asked, NoNetwork):
        return caching.document({"why": asked.why, "cure": asked.cure, "again": asked.again})
    try:
        if isinstance(asked, Apart) and "weights" in arguments:
            is_newest = arguments["weights"] == NEWEST
            asked.turn_to(NEWEST if is_newest else number(dict(arguments), "weights"))
        known = asked.layers()
        channels, height, width = _picture_shape(asked.input_shape)
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
            "saves": isinstance(asked, AtHand),
            "weights": weights(asked),
        }
    )


def _picture_shape(shape: Sequence[int]) -> tuple[int, int, int]:
    """Raises UsageError where a picture is not what the network takes."""
    if len(shape) != 3 or shape[0] not in (1, 3):
        raise UsageError(
            f"the network's input has the shape {tuple(shape)}; a picture can be (1, y, x) or "
            "(3, y, x)"
        )
    return shape[0], shape[1], shape[2]


def respond(networks: Networks, open_runs: OpenRuns, arguments: dict[str, str]) -> Response:
    """The maps of one layer for the picture that was sent: height · width · 3 bytes.

    Raises:
        UsageError: there is no network, or the picture is of another size.
    """
    asked = networks.of_run(arguments.get("run"))
    _, height, width = shape = asked.input_shape
    pixels = np.frombuffer(request.get_data(), np.uint8)
    if pixels.size != height * width * 3:
        raise UsageError(
            f"the picture has {pixels.size} bytes; it can have {height * width * 3}: "
            f"{height} rows of {width} times red, green and blue"
        )
    normalization, classes = _known(open_runs, arguments.get("run"), shape)
    layer = text(arguments, "layer")
    response = asked.respond(pixels.reshape(height, width, 3), layer, normalization)
    head = {
        "layer": layer,
        "step": response.step,
        "signed": bool((response.maps < 0).any()),
        "best": _best(response.scores, classes),
    }
    packed = tile_bytes.pack(encode(response.maps, 1), len(response.maps), head)
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
