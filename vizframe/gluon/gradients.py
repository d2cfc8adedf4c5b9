"""Whose gradients are still those of the last backward pass.

A dist kvstore that keeps the weights uses a worker's gradient arrays as its buffers: after an
update they hold the new weights. Nothing in MXNet says so, so who sees the update notes it here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from weakref import WeakSet

_overwritten: WeakSet[Any] = WeakSet()


def note_overwritten(parameters: Iterable[Any]) -> None:
    """Note that these parameters' gradients hold something else until their next backward pass."""
    _overwritten.update(parameters)


def note_own(parameters: Iterable[Any]) -> None:
    """Note that a backward pass has filled these parameters' gradients."""
    _overwritten.difference_update(parameters)


def are_own(parameter: Any) -> bool:
    return parameter not in _overwritten
