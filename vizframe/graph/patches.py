"""Methods of a library that something stands around for a while, and is taken off again."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

Method = Callable[..., Any]


class Patches:
    """What is stood around, and how to take it off."""

    def __init__(self) -> None:
        self._undo: list[Callable[[], None]] = []

    def wrap(self, owner: Any, name: str, around: Method) -> None:
        """Have ``around(original, …)`` called in place of ``owner.name(…)``."""
        original: Method = getattr(owner, name)

        @functools.wraps(original)
        def watched(*given: Any, **named: Any) -> Any:
            return around(original, *given, **named)

        setattr(owner, name, watched)
        self._undo.append(functools.partial(setattr, owner, name, original))

    def remove(self) -> None:
        """Put everything back."""
        while self._undo:
            self._undo.pop()()
