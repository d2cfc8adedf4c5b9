"""What a model's arguments are packed in, taken apart and put together again as it was.

list, tuple, dict     {"image": …, "mask": …}
named tuple           Batch(image=…, label=…)
dataclass, object     batch.image, batch.label: one of a class of the script's own
UserDict              as tokenizers give it
"""

from __future__ import annotations

import dataclasses
import functools
import sys
from collections import OrderedDict, UserDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

LIBRARIES = frozenset(sys.stdlib_module_names) - {"__main__"} | {
    *("mxnet", "torch", "torchvision", "numpy", "vizframe"),
}
"""Whose classes are none of the script's own."""


@dataclass(frozen=True, slots=True)
class Form:
    """A container without what it holds.

    Attributes:
        kind: its class.
        keys: of its parts, in their order; empty of a list.
        rest: what else an object has.
    """

    kind: type
    keys: tuple[Any, ...] = ()
    rest: Mapping[str, Any] = field(default_factory=dict)

    def hold(self, parts: Sequence[object]) -> object:
        """A container of this form with these parts."""
        kind: Any = self.kind
        if kind in (list, tuple):
            return tuple(parts) if self.kind is tuple else list(parts)
        if issubclass(self.kind, tuple):
            return kind(*parts)
        if issubclass(self.kind, list):
            return list(parts)
        made: Any
        if issubclass(self.kind, dict):
            made = self.kind.__new__(self.kind)
            put = (
                OrderedDict.__setitem__ if issubclass(self.kind, OrderedDict) else dict.__setitem__
            )
            for key, part in zip(self.keys, parts, strict=True):
                put(made, key, part)
        elif issubclass(self.kind, UserDict):
            made = object.__new__(self.kind)
            made.data = dict(zip(self.keys, parts, strict=True))
        else:
            made = object.__new__(self.kind)
            for key, part in zip(self.keys, parts, strict=True):
                object.__setattr__(made, key, part)
        if self.rest:
            vars(made).update(self.rest)
        return made


def taken_apart(
    value: Any, is_array: Callable[[object], bool]
) -> tuple[Form, list[tuple[str, object]]] | None:
    """A container's form, and its parts by name; None of what is none, or holds nothing."""
    kind: Any = type(value)
    if isinstance(value, tuple) and hasattr(kind, "_fields"):
        return _named(Form(kind, tuple(kind._fields)), value)
    if isinstance(value, list | tuple) and value:
        return Form(kind if kind is tuple else list), [(str(n), v) for n, v in enumerate(value)]
    if isinstance(value, dict | UserDict) and value:
        rest = {name: v for name, v in getattr(value, "__dict__", {}).items() if name != "data"}
        return _named(Form(kind, tuple(value), rest), list(value.values()))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        keys = tuple(each.name for each in dataclasses.fields(value) if hasattr(value, each.name))
        own = getattr(value, "__dict__", {})
        rest = {name: each for name, each in own.items() if name not in keys}
        return _named(Form(kind, keys, rest), [getattr(value, key) for key in keys])
    if is_record(kind) and any(map(is_array, vars(value).values())):
        return _named(Form(kind, tuple(vars(value))), list(vars(value).values()))
    return None


def _named(form: Form, parts: Sequence[object]) -> tuple[Form, list[tuple[str, object]]] | None:
    names = [str(key).replace(".", "_") or "_" for key in form.keys]
    if not names or len(set(names)) < len(names):
        return None
    return form, list(zip(names, parts, strict=True))


@functools.cache
def is_record(kind: type) -> bool:
    """Whether it is a class of the script's own whose objects are their attributes."""
    plain = all(
        getattr(kind, name, None) is getattr(object, name, None)
        for name in ("__new__", "__reduce__", "__reduce_ex__", "__getstate__")
    )
    special = ("__copy__", "__deepcopy__", "__slots__", "__del__")
    return (
        plain
        and is_own(kind)
        and kind.__dictoffset__ != 0
        and not any(hasattr(kind, name) for name in special)
    )


def is_own(thing: Any) -> bool:
    """Whether a function or class is the script's own, and no library's."""
    return str(getattr(thing, "__module__", "")).partition(".")[0] not in LIBRARIES
