"""What a run was trained with, as values that JSON has."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from vizframe.wording import short

MOST = 200
"""Characters of a value that is kept as text, and items of a list."""


def plain_values(found: Mapping[str, object]) -> dict[str, object]:
    """The values as numbers, texts, lists and None; whatever else they are, as they are written."""
    return {str(name): _plain(value) for name, value in found.items()}


def _plain(value: object) -> object:
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, str):
        return value[:MOST]
    if isinstance(value, Mapping):
        return plain_values(value)
    if isinstance(value, (Sequence, set, frozenset)) and not isinstance(value, (bytes, bytearray)):
        return [_plain(each) for each in list(value)[:MOST]]
    return short(value, MOST)


def script_arguments(words: Sequence[str]) -> dict[str, object]:
    """What a command line sets, where the script was not seen reading it itself.

    >>> script_arguments(["mnist", "--lr", "0.1", "--epochs=3", "--cuda"])
    {'lr': 0.1, 'epochs': 3, 'cuda': True}
    """
    found: dict[str, object] = {}
    for at, word in enumerate(words):
        name, equals, value = word.lstrip("-").partition("=")
        if not (word.startswith("-") and name and not _is_number(word)):
            continue
        following = words[at + 1] if at + 1 < len(words) else "-"
        if equals:
            found[name] = _value(value)
        elif following.startswith("-") and not _is_number(following):
            found[name] = True
        else:
            found[name] = _value(following)
    return found


def _is_number(text: str) -> bool:
    return not isinstance(_value(text), str)


def _value(text: str) -> object:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
