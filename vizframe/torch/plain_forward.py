"""A module that a script calls as ``net.forward(x)``: no call of it is seen, but those of its
children are, and the frames they are called from say whose forward that is.

    net.forward(images)        a frame ``forward`` whose first argument is a module …
        self.conv(images)      … that has the one which is called
"""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

import torch

from vizframe.torch.thread_state import SeenCall

_MOST_FRAMES = 40
"""Further than a net's forward is from the call of its first layer."""

_VARIADIC, _KEYWORDS = 0x04, 0x08
"""Flags of code that takes ``*args`` and ``**kwargs``."""


def plain_call(module: Any) -> SeenCall | None:
    """The outermost forward that this outermost call of a module is made in; None: in none."""
    found: FrameType | None = None
    frame: FrameType | None = sys._getframe(1)
    for _ in range(_MOST_FRAMES):
        if frame is None:
            break
        if frame.f_code.co_name == "forward" and _is_of_owner(frame, module):
            found = frame
        frame = frame.f_back
    return None if found is None else _seen(found)


def _is_of_owner(frame: FrameType, module: Any) -> bool:
    """Whether it runs the forward of a module that has this one inside."""
    names = frame.f_code.co_varnames[: frame.f_code.co_argcount]
    owner = frame.f_locals.get(names[0]) if names else None
    if not isinstance(owner, torch.nn.Module) or owner is module:
        return False
    return any(each is module for each in owner.modules())


def _seen(frame: FrameType) -> SeenCall:
    """With its arguments as they are by now, which a forward may have given other values."""
    code, held = frame.f_code, frame.f_locals
    named = code.co_varnames[: code.co_argcount]
    by_keyword = code.co_argcount + code.co_kwonlyargcount
    kwargs = {name: held[name] for name in code.co_varnames[code.co_argcount : by_keyword]}
    args = [held[name] for name in named]
    if code.co_flags & _VARIADIC:
        args += held[code.co_varnames[by_keyword]]
        by_keyword += 1
    if code.co_flags & _KEYWORDS:
        kwargs |= held[code.co_varnames[by_keyword]]
    return SeenCall(args[0], tuple(args[1:]), kwargs, is_plain=True)
