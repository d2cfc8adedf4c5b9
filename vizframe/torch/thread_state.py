"""What one thread of a training did since its last update: the calls of modules, the loss."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True, eq=False)
class SeenCall:
    """An outermost call of a module while gradients are kept."""

    module: Any
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    output: Any = None


@dataclass(eq=False)
class ThreadState(threading.local):
    """What one thread did since its last update."""

    depth: int = 0
    calls: dict[int, SeenCall] = field(default_factory=dict)
    older: dict[int, SeenCall] = field(default_factory=dict)
    loss: list[Any] = field(default_factory=list)
    unscaled: Any = None
    target: Any = None
    zeroed: set[int] = field(default_factory=set)
    stepping: list[Any] = field(default_factory=list)

    def forget(self, updated: Any) -> None:
        """A net was updated: what was seen of it is over, and so are losses. Of another net, the
        calls before this update count if none comes after it: a generator is called before its
        discriminator is updated, and is updated after that."""
        for key, call in self.calls.items():
            if call.module is not updated and next(call.module.parameters(), None) is not None:
                self.older.setdefault(key, call)
        self.calls.clear()
        self.older.pop(id(updated), None)
        self.loss = []
        self.target = None

    def call_of(self, module: Any) -> SeenCall | None:
        """The first call of a module since the last update of any, or else since its own."""
        return self.calls.get(id(module)) or self.older.get(id(module))
