"""A net that is run for us does not know it afterwards: what its Blocks keep of their own, such as
a count of their calls, is put back, and what they print or warn of is not seen."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from vizframe.gluon.compat import mx
from vizframe.graph.own_state import own_state_aside
from vizframe.network.quiet import muted, without_warnings

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
    with own_state_aside(blocks, _copied, _KEPT, _KINDS), muted(), without_warnings():
        yield


def _copied(value: Any) -> Any:
    """An array that no graph knows; None of what is no array."""
    if not isinstance(value, mx.nd.NDArray):
        return None
    with mx.autograd.pause():
        return value.copy() if value.size <= _LARGE else value.detach()
