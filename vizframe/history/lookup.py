"""Series by their names: the library's, the page's and the export's way to find them."""

from __future__ import annotations

from collections.abc import Callable
from operator import eq

from vizframe.errors import UnknownName
from vizframe.history.contract import History
from vizframe.history.declaration import SeriesKey


def find_series(
    history: History, kind: str, layer: str, matches: Callable[[str, str], bool] = eq
) -> list[SeriesKey]:
    """The series whose kind (``label`` or ``label.part``) and layer are those, in their order.

    ``matches(name, given)`` compares: equal by default, ``fnmatch.fnmatchcase`` for patterns.

    Raises:
        UnknownName: there is none; the sentence names the nearest kind, or layer of that kind.
    """
    keys = list(history.declarations)
    of_kind = [key for key in keys if matches(key.kind, kind)]
    if not of_kind:
        raise UnknownName("plugin", kind, [key.kind for key in keys])
    found = [key for key in of_kind if matches(key.layer, layer)]
    if not found:
        what = "layer" if kind == "*" else f"layer of {kind}"
        raise UnknownName(what, layer, [key.layer for key in of_kind])
    return found
