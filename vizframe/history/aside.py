"""Aside of memory: where a writer holds what a step is made of until the step is committed.

    plugin ─► frame ─► stored frame ── aside ──► frame, whose pixels lie elsewhere
                                                    │ commit
                                                    ▼
                                                  history

A step may hold any number of layers, and none of it is seen before all of it is. A writer that has
a disk need not hold it in memory meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from vizframe.history.declaration import Declaration
from vizframe.history.stored_frame import StoredFrame

Array = npt.NDArray[Any]


class Aside(Protocol):
    """What takes the parts of one step. They live as long as what it gives for them does, and no
    failure of a disk is told: what cannot be put aside stays as it is."""

    def frame(self, declaration: Declaration, frame: StoredFrame) -> StoredFrame:
        """The same frame, whose pixels need not be in memory any more."""
        ...

    def array(self, values: Array) -> Callable[[], Array]:
        """What gives the same numbers again; to be called once or more."""
        ...


class InMemory:
    """Puts nothing aside."""

    def frame(self, _declaration: Declaration, frame: StoredFrame) -> StoredFrame:
        return frame

    def array(self, values: Array) -> Callable[[], Array]:
        return lambda: values


IN_MEMORY = InMemory()
"""Where a step waits when nobody has other room for it."""


@runtime_checkable
class PutsAside(Protocol):
    """A writer that has room for a coming step elsewhere than in memory."""

    def aside(self) -> Aside:
        """Room for one step."""
        ...


def aside_of(writer: object) -> Aside:
    """Room for the writer's next step; memory, where it has no other."""
    return writer.aside() if isinstance(writer, PutsAside) else IN_MEMORY


def is_plain(values: object) -> bool:
    """Whether it is an array of numbers that can be put aside: no subclass, no objects."""
    return type(values) is np.ndarray and values.dtype.kind in "fiub"
