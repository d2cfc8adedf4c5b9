"""Automatic casts that a net enters itself, in its own forward, put aside for one call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

_KINDS = ("cpu", "cuda", "mps", "xpu")


def call_uncast(function: Callable[..., Any], *args: Any) -> Any:
    """What the function gives in the precision of what it is given, as networks are asked."""
    on = [kind for kind in _KINDS if torch.is_autocast_enabled(kind)]
    for kind in on:
        torch.set_autocast_enabled(kind, False)
    try:
        return function(*args)
    finally:
        for kind in on:
            torch.set_autocast_enabled(kind, True)
