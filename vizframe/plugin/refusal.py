"""Refusals: what pydantic finds wrong with an option, in vizframe's words.

rate is 'fast'; it can be a number
every is [1]; it can be a whole number, a number or a text
methods has 'foo'; each can be 'gradient', 'guided' or 'occlusion'
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import cast

from pydantic import ValidationError

Detail = Mapping[str, object]

_KINDS: Mapping[str, str] = {
    "bool": "true or false",
    "byte_size": "a number of bytes with a unit, such as '500MB' or '2GB'",
    "finite": "a number that is finite",
    "float": "a number",
    "int": "a whole number",
    "string": "a text",
    "tuple": "a list, or a text with commas",
}
"""By the first word of pydantic's error type: ``int_parsing``, ``int_type``, ``int_from_float``."""

_LIMITS: Mapping[str, tuple[str, str]] = {
    "greater_than_equal": ("ge", "{} or more"),
    "greater_than": ("gt", "more than {}"),
    "less_than_equal": ("le", "at most {}"),
    "less_than": ("lt", "less than {}"),
}


def refusal_sentences(
    error: ValidationError, unknown: Callable[[str], str], whose: str = ""
) -> Iterator[str]:
    """One for each option that is not what it can be.

    Args:
        unknown: says that there is no option of this name.
        whose: what the others begin with.
    """
    grouped: dict[tuple[str, bool], list[Detail]] = {}
    for each in error.errors():
        detail = cast(Detail, each)
        location = cast(tuple[object, ...], detail["loc"])
        name = str(location[0]) if location else ""
        inside = any(isinstance(part, int) for part in location)
        grouped.setdefault((name, inside), []).append(detail)
    for (name, inside), details in grouped.items():
        if details[0]["type"] == "extra_forbidden":
            yield unknown(name)
        elif not name:
            yield whose + _describe_error(details[0])
        else:
            verb, subject = ("has", "each") if inside else ("is", "it")
            yield f"{whose}{name} {verb} {details[0]['input']!r}; {_any_of(details, subject)}"


def _any_of(details: Sequence[Detail], subject: str) -> str:
    """What an option can be; one of several kinds gives pydantic's error for each of them."""
    kinds = [each for each in dict.fromkeys(map(_describe_allowed, details)) if each]
    if not kinds:
        return _describe_error(details[0])
    either = [", ".join(kinds[:-1]), kinds[-1]] if len(kinds) > 1 else kinds
    return f"{subject} can be {' or '.join(either)}"


def _describe_allowed(detail: Detail) -> str:
    """Empty where pydantic, or a check of ours, says it in words of its own."""
    found = str(detail["type"])
    limits = cast(Mapping[str, object], detail.get("ctx", {}))
    if detail["input"] != detail["input"]:  # every comparison with NaN fails, the first one is told
        return _KINDS["float"]
    if found in _LIMITS:
        name, words = _LIMITS[found]
        limit = limits[name]
        return words.format(f"{limit:g}" if isinstance(limit, float) else limit)
    if found == "literal_error":
        return str(limits["expected"])
    kind = next((kind for kind in _KINDS if found.startswith(kind)), None)
    return "" if kind is None else _KINDS[kind]


def _describe_error(detail: Detail) -> str:
    return str(detail["msg"]).removeprefix("Value error, ").replace("Input should be", "it can be")
