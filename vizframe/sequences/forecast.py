"""Forecasts: what a network that reads tokens says of the next one.

scores (text, time, token) ── softmax ──► probabilities ──► the likeliest; −log2 of what came
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from vizframe.errors import Inapplicable
from vizframe.network import FloatArray, Network
from vizframe.network.layer import Layer
from vizframe.network.probe import Probe

Ids = npt.NDArray[np.int64]


def score_layer(network: Network, probe: Probe) -> Layer:
    """The layer that scores every token at each place.

    Raises:
        Inapplicable: the probe is no text, or the network scores something else.
    """
    layer = network.layer(network.score_layer)
    if not probe.tokens:
        raise Inapplicable(
            "the probe is no text of tokens; forecasts can be shown of a network that reads tokens"
        )
    most = int(probe.images.max(initial=0))
    if not layer.is_sequence or layer.shape[-1] <= most:
        raise Inapplicable(
            f"the scores {layer.name!r} have shape {layer.shape}; forecasts can be shown where "
            f"there is one for each of the {most + 1} tokens at each place in time"
        )
    return layer


def log_probabilities(scores: FloatArray) -> FloatArray:
    """The natural logarithm of the softmax along the last axis."""
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        centred = scores - scores.max(axis=-1, keepdims=True)
        found: FloatArray = centred - np.log(np.exp(centred).sum(axis=-1, keepdims=True))
    return found


def surprise(logs: FloatArray, ids: Ids, lengths: Ids) -> FloatArray:
    """Bits by which each token was not expected, (text, time); NaN of the first, which nothing
    predicted, and behind a text's end.

    Args:
        logs: of each place's probabilities for the next token, (text, time, token).
        ids: the tokens, (text, time).
        lengths: of each text.
    """
    places = min(logs.shape[1], ids.shape[1])
    bits = np.full(ids.shape, np.nan, np.float32)
    came = np.take_along_axis(logs[:, : places - 1], ids[:, 1:places, None], axis=2)
    bits[:, 1:places] = -came[:, :, 0] / np.float32(np.log(2))
    bits[np.arange(ids.shape[1]) >= lengths[:, None]] = np.nan
    return bits


def likeliest(logs: FloatArray, count: int) -> tuple[Ids, FloatArray]:
    """The likeliest tokens and their probabilities, each (text, rank, time)."""
    order = np.argsort(-np.nan_to_num(logs, nan=-np.inf), axis=-1, kind="stable")[..., :count]
    chances = np.exp(np.take_along_axis(logs, order, axis=-1))
    return order.swapaxes(1, 2), np.ascontiguousarray(chances.swapaxes(1, 2))


def looks_ahead(score: Callable[[FloatArray], FloatArray], row: FloatArray) -> bool:
    """Whether the scores at a place depend on tokens that come later."""
    other = row.copy()
    last = len(row) - 1
    other[last] = row[last] - 1 if row[last] else 1
    one, two = score(np.stack([row, other]))[:, :last]
    return not np.allclose(one, two, rtol=1e-4, atol=1e-5, equal_nan=True)


def continuation(
    score: Callable[[FloatArray], FloatArray], row: FloatArray, begun: int, end: int, seed: int
) -> Ids:
    """A text that the network goes on with, drawn by its own probabilities.

    Args:
        score: gives (1, time, token) of (1, time).
        row: a text, as long as the network takes it.
        begun: how many of its tokens are given.
        end: before which place of it the last token is drawn.
        seed: of the draw; the same draw of other weights differs only as these do.
    """
    drawn = np.random.default_rng(seed).random(len(row))
    text = row.copy()
    for place in range(begun, end):
        logs = log_probabilities(score(text[None])[0, place - 1]).astype(np.float64)
        chances = np.cumsum(np.exp(np.nan_to_num(logs, nan=-np.inf)))
        text[place] = np.searchsorted(chances, drawn[place] * chances[-1], side="right")
        text[place] = min(text[place], len(chances) - 1)
    return text[:end].astype(np.int64)
