"""What a browser sends to a callback of Dash, looked at before Dash relies on it.

Dash takes the body apart without a look and ends in a 500 where it is not as its own page sends it.
"""

from __future__ import annotations

import json
from collections.abc import Container
from typing import Any

ADDRESS = "_dash-update-component"

_NONSENSE = (ValueError, RecursionError)
"""What Python says on reading JSON of another hand."""


def find_fault(data: bytes, callbacks: Container[str]) -> str | None:
    """What is wrong with a body; None where it is one that the page sends.

    Args:
        callbacks: the outputs that there are.
    """
    try:
        said: Any = json.loads(data)
    except _NONSENSE:
        return "the body is no JSON"
    if not isinstance(said, dict):
        return "the body is no object"
    output = said.get("output")
    if not isinstance(output, str) or output not in callbacks:
        return f"output is {output!r:.80}; it can be one of the page's"
    outputs = said.get("outputs")
    if not all(_is_property(each) for each in _flat(outputs)) or not outputs:
        return "outputs are not those of a page"
    for name in ("inputs", "state"):
        given = said.get(name, [])
        if not isinstance(given, list) or not all(_is_property(each) for each in _flat(given)):
            return f"{name} are not those of a page"
    changed = said.get("changedPropIds", [])
    if not isinstance(changed, list) or not all(isinstance(each, str) for each in changed):
        return "changedPropIds are not those of a page"
    return None


def _flat(given: object) -> list[object]:
    """Properties, one after the other: a pattern's come as a list in the list."""
    if not isinstance(given, list):
        return [given]
    return [each for item in given for each in (item if isinstance(item, list) else [item])]


def _is_property(given: object) -> bool:
    return (
        isinstance(given, dict)
        and isinstance(given.get("id"), (str, dict))
        and isinstance(given.get("property"), str)
    )
