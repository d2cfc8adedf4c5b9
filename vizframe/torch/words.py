"""What functions of PyTorch are called, and whether a name says that one writes."""

from __future__ import annotations

from typing import Any

AS_NUMBER = ("__float__", "__int__", "__complex__", "__index__")
"""Functions that make a number of a tensor."""


def word_of(func: Any) -> str:
    """What a function of PyTorch is called, such as ``conv2d``, ``add`` for ``+=``."""
    name: str = getattr(func, "__name__", "")
    if name in ("__get__", "__set__", "__delete__"):
        owner = getattr(func, "__self__", None)
        getter = getattr(owner, "fget", owner)
        name = getattr(getter, "__name__", name)
    return name


def is_in_place(word: str) -> bool:
    """Whether a function of this name writes into its first argument."""
    if word.startswith("__"):
        return word == "__setitem__" or (word.startswith("__i") and word not in _NOT_IN_PLACE)
    return word.endswith("_")


_NOT_IN_PLACE = ("__invert__", "__index__", "__int__")
