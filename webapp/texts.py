"""What a run says of the probe's texts: their tokens, and what the network predicts after one.

A plugin that predicts tokens keeps, beside its surprise, parts whose values are token ids
or belong to such: ``likeliest`` and ``probability``, (probe, rank, time), and ``continuation``,
(probe, time). They are words and not colours, so the page has them under the text and not in its
menu.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from vizframe.errors import UsageError
from vizframe.history import Declaration, History, SeriesKey
from vizframe.network import FloatArray
from vizframe.webapp.numbers import finite

WORD_PARTS = ("likeliest", "probability", "continuation")
"""Parts that are said in words."""

SURPRISE = "surprise"


def is_in_words(declaration: Declaration) -> bool:
    """Whether a series stands under the text, and not in the menu."""
    return declaration.draw == "text" and declaration.key.part in WORD_PARTS


def texts(history: History) -> Mapping[str, object]:
    """The tokens of each text.

    Raises:
        UsageError: the probe has none.
    """
    probe = history.probe
    if probe is None or not probe.tokens:
        raise UsageError("the run's probe has no texts")
    return {"texts": [list(each) for each in probe.tokens]}


def token(history: History, step: int, text: int, time: int) -> Mapping[str, object]:
    """What is predicted after one token: at each step the newest that is known by then.

    Returns:
        ``surprise`` (bits, or None), ``likeliest`` (pairs of a token and its probability, the
        likeliest first), ``continuation`` (a sampled text, or None) and the ``step`` they are of.
    """
    said: dict[str, object] = {"surprise": None, "likeliest": [], "continuation": None}
    found = {each.key.part: each.key for each in _predictions(history)}
    known = [_row(history, key, step, text) for key in found.values()]
    rows = {part: row for part, row in zip(found, known, strict=True) if row is not None}
    if SURPRISE in rows and time < rows[SURPRISE].shape[-1]:
        said["surprise"] = finite(float(rows[SURPRISE][..., time].reshape(-1)[0]))
    if {"likeliest", "probability"} <= set(rows):
        said["likeliest"] = _likeliest(history, rows["likeliest"], rows["probability"], time)
    if "continuation" in rows:
        said["continuation"] = "".join(_words(history, rows["continuation"].reshape(-1)))
    return {**said, "step": step}


def _predictions(history: History) -> Sequence[Declaration]:
    """The parts of the plugin that predicts: the first that has likeliest tokens or a surprise."""
    of_parts = [
        each
        for each in history.declarations.values()
        if each.draw == "text" and each.key.part in (*WORD_PARTS, SURPRISE)
    ]
    return [each for each in of_parts if each.key.label == of_parts[0].key.label]


def _row(history: History, key: SeriesKey, step: int, text: int) -> FloatArray | None:
    """One text's values at the newest recorded step up to this one; None where there is none."""
    steps = history.series_steps(key)
    newest = bisect_right(steps, step) - 1
    if newest < 0 or text >= history.declarations[key].tile_shape[0]:
        return None
    tiles = history.tiles(key, steps[newest], (text,))
    return None if np.any(tiles.missing) else tiles.values()


def _likeliest(
    history: History, numbers: FloatArray, probabilities: FloatArray, time: int
) -> list[tuple[str, float]]:
    """Tokens and probabilities of every rank, (rank, time)."""
    if time >= numbers.shape[-1]:
        return []
    words = _words(history, numbers[:, time])
    likely = probabilities[:, time].tolist()
    return [(word, each) for word, each in zip(words, likely, strict=True) if math.isfinite(each)]


def _words(history: History, numbers: Iterable[float]) -> list[str]:
    """What numbers of tokens stand for; numbers that are none, such as the fill behind a text, are
    left out."""
    vocabulary = history.probe.vocabulary if history.probe else ()
    whole = [int(each) for each in numbers if math.isfinite(each) and each >= 0]
    return [vocabulary[each] if each < len(vocabulary) else str(each) for each in whole]
