"""Functions of a script with gradients of their own, which no tape holds."""

from __future__ import annotations

import sys
from typing import Any

import torch

from vizframe.torch.node import NoTape

_APPLY = torch.autograd.Function.apply.__func__.__code__


def refuse_custom_gradient() -> None:
    """Raises NoTape where the caller's caller is inside a `torch.autograd.Function`: it has a
    gradient of its own, which the calls in it do not show."""
    frame: Any = sys._getframe(2)
    for _ in range(12):
        if frame is None:
            return
        if frame.f_code is _APPLY and not _is_checkpoint(frame.f_locals.get("cls")):
            raise NoTape("it has a function with a gradient of its own (torch.autograd.Function)")
        frame = frame.f_back


def _is_checkpoint(function: Any) -> bool:
    """Activation checkpointing runs a part of the net as it is, and has its gradients."""
    return getattr(function, "__module__", "") == "torch.utils.checkpoint"
