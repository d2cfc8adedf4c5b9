"""A net that is run for us does not know it afterwards: what its Blocks keep of their own, such as
a count of their calls, is put back, and what they print is not seen."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

from vizframe.gluon.compat import mx
from vizframe.graph.own_state import own_state_aside

_KEPT = frozenset(
    {
        *("_children", "_reg_params", "_params", "_scope", "_forward_hooks", "_forward_pre_hooks"),
        *("_cached_graph", "_cached_op", "_flags", "_in_format", "_out_format", "_backend_opts"),
    }
)
_KINDS = (
    mx.gluon.Block,
    mx.gluon.Parameter,
    mx.gluon.ParameterDict,
    mx.gluon.Trainer,
    mx.sym.Symbol,
    mx.Context,
)
_LARGE = 1 << 24
"""Numbers of an array that is no copy: only what MXNet recorded of it is left out."""


@contextmanager
def untouched(blocks: list[Any]) -> Iterator[None]:
    """Inside, these Blocks may do what they do; afterwards what they keep is what it was."""
    with own_state_aside(blocks, _copied, _KEPT, _KINDS), muted():
        yield


def _copied(value: Any) -> Any:
    """An array that no graph knows; None of what is no array."""
    if not isinstance(value, mx.nd.NDArray):
        return None
    with mx.autograd.pause():
        return value.copy() if value.size <= _LARGE else value.detach()


@contextmanager
def muted() -> Iterator[None]:
    """Inside, what this thread prints goes nowhere; what others print is seen."""
    shown = sys.stdout
    sys.stdout = Muted(shown)
    try:
        yield
    finally:
        sys.stdout = shown


class Muted:
    """Standard output without what one thread writes."""

    def __init__(self, shown: TextIO) -> None:
        self._shown = shown
        self._thread = threading.get_ident()

    def write(self, text: str) -> int:
        if threading.get_ident() == self._thread:
            return len(text)
        return self._shown.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._shown, name)
