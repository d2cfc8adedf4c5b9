"""Predicates: what can be said of every place of a text, for units to be held against.

A place is described as it is behind its token, since a state there has read it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from vizframe.network import FloatArray

OPENING, CLOSING = "([{", ")]}"
PAIRS: Mapping[str, str] = {'"': '"', "'": "'", "“": "”", "«": "»"}
"""Quotes that open, and what closes each of them."""

SPACED = ("Ġ", "▁")
"""What subword vocabularies write at the head of a token for the space before it."""

PREDICATES: Mapping[str, str] = {
    "position in line": "how many characters have been read since the line began",
    "inside quotes": "whether a quote is open",
    "bracket depth": "how many brackets are open",
    "capital letters": "whether the token begins with a capital letter",
    "after a space": "whether white space has been read before the token",
}


def predicates(tokens: Sequence[str]) -> FloatArray:
    """The numbers of every predicate along a text, (predicate, time), in the order of PREDICATES.

    Tokens are read as they stand: words of a vocabulary that has no blanks have none before them.
    """
    found = np.zeros((len(PREDICATES), len(tokens)), np.float32)
    column = depth = 0
    opened = last = ""
    for place, token in enumerate(tokens):
        written = token.replace(SPACED[0], " ").replace(SPACED[1], " ")
        bare = written.lstrip(" ")
        spaced = last.isspace() or (bool(bare) and written != bare)
        for each in written:
            opened = _quote(opened, last, each)
            depth = max(0, depth + (each in OPENING) - (each in CLOSING))
            column = 0 if each == "\n" else column + 1
            last = each
        found[:, place] = column, bool(opened), depth, bare[:1].isupper(), spaced
    return found


def _quote(opened: str, last: str, each: str) -> str:
    """The quote that is open behind a character; an apostrophe within a word opens none, and what
    one has opened ends with its line."""
    if opened:
        ends = each == PAIRS[opened] or (each == "\n" and opened == "'")
        return "" if ends else opened
    is_apostrophe = each == "'" and last.isalnum()
    return each if each in PAIRS and not is_apostrophe else ""
