"""A function that names modules of a model, made to name others in their place.

    model.forward = lambda x: model.head(model.trunk(x))

Set on the model, it holds the model itself, not ``self``: a copy of the model that was called so
would run the model.
"""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from typing import Any


class _Globals(dict[str, Any]):
    """The names of a function's file, some of them something else; what it writes stays here."""

    def __init__(self, original: Mapping[str, Any], changed: Mapping[str, Any]) -> None:
        super().__init__(changed)
        self._original = original

    def __missing__(self, name: str) -> Any:
        return self._original[name]


def rebound(function: types.FunctionType, copies: Mapping[int, Any]) -> types.FunctionType:
    """The function with copies in the place of the objects that it names; itself if it names none.

    Args:
        copies: by the id of what they are of.
    """
    own = function.__globals__
    changed = {
        name: copies[id(own[name])]
        for name in _names(function.__code__)
        if name in own and id(own[name]) in copies
    }
    held = function.__closure__ or ()
    closure = tuple(_cell(cell, copies) for cell in held)
    if not changed and all(new is old for new, old in zip(closure, held, strict=True)):
        return function
    names = _Globals(own, changed) if changed else own
    made = types.FunctionType(
        function.__code__, names, function.__name__, function.__defaults__, closure or None
    )
    made.__kwdefaults__ = function.__kwdefaults__
    return made


def _names(code: types.CodeType) -> Iterator[str]:
    """The global names that a function and those inside it may read."""
    yield from code.co_names
    for each in code.co_consts:
        if isinstance(each, types.CodeType):
            yield from _names(each)


def _cell(cell: types.CellType, copies: Mapping[int, Any]) -> types.CellType:
    try:
        held = cell.cell_contents
    except ValueError:  # it is filled later
        return cell
    return types.CellType(copies[id(held)]) if id(held) in copies else cell
