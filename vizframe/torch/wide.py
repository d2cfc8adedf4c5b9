"""Half precision and bfloat16 as single, where a net is asked.

A gradient of half precision is zero below 6e-8, as that of a mean over a map mostly is, and numbers
of bfloat16 have three digits, which no sum of them survives. So the shadow's tensors are single,
and where the net's own code names a narrow type, it gets the wide one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

_NARROW = (torch.float16, torch.bfloat16)
_CASTS = {torch.Tensor.half: torch.Tensor.float, torch.Tensor.bfloat16: torch.Tensor.float}


def wide_dtype(dtype: Any) -> Any:
    """The type that is computed with."""
    return torch.float32 if dtype in _NARROW else dtype


def wide(tensor: Any) -> Any:
    """The tensor in the type that is computed with; itself, where that is its own."""
    return tensor.float() if tensor.dtype in _NARROW else tensor


def wide_call(func: Any, args: Any, kwargs: Mapping[str, Any]) -> tuple[Any, Any, dict[str, Any]]:
    """The call with the type that is computed with, where it names a narrow one."""
    named = {key: _wide_value(each) for key, each in kwargs.items()}
    return _CASTS.get(func, func), tuple(map(_wide_value, args)), named


def _wide_value(value: Any) -> Any:
    return wide_dtype(value) if isinstance(value, torch.dtype) else value
