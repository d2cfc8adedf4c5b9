"""What a net's own code changes beside its parameters, set aside while the net is asked.

    class Net(Block):
        def forward(self, x):
            self.mean[:] = …          an attribute, or what is in one
            self.draw.normal(…)       random numbers of its own
            calls.append(x.shape)     a name of its file, or of the function around it
            Count.total += 1          an attribute of a class

Inside, all of these are copies; afterwards the originals are there, which nobody has written to.
Only what the net's own methods name, and the functions and classes that these name, is looked at.
"""

from __future__ import annotations

import argparse
import copy
import dis
import functools
import random
import types
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from vizframe.network.containers import is_own, is_record

_DEEP = 3
"""How many containers deep it is copied."""

_LONG = 10_000
"""Elements of a container that is copied without them, as data sets are."""

_LARGE = 1 << 26
"""Bytes of an array of NumPy that is left as it is."""

_FUNCTIONS = 200
"""Of a net, at most."""

_PLAIN = (int, float, bool, str, bytes, complex, type(None), types.FunctionType, types.ModuleType)
_MAPPINGS = (dict, OrderedDict, defaultdict, Counter)
_RECORDS = (types.SimpleNamespace, argparse.Namespace)
_RANDOM = (np.random.RandomState, np.random.Generator, random.Random)
_MISSING = object()

CopyArray = Callable[[Any], Any]
"""A copy of an array of the framework; None of anything else."""

Put = Callable[[], None]


@contextmanager
def own_state_aside(
    owners: Sequence[Any], copy_array: CopyArray, kept: frozenset[str], kinds: tuple[type, ...]
) -> Iterator[None]:
    """Inside, the owners' code may write to what it has; see the module.

    Args:
        owners: the modules of the net.
        kept: attributes that are the framework's own, and stay.
        kinds: of objects that are the framework's own, and stay.
    """
    copies = _Copies(copy_array, kinds)
    saved = [(vars(each), dict(vars(each))) for each in owners]
    puts: list[Put] = []
    try:
        for attributes, former in saved:
            for name, value in former.items():
                if name not in kept:
                    attributes[name] = copies.of(value)
        puts += _names_aside(owners, copies)
        yield
    finally:
        for put in reversed(puts):
            put()
        for attributes, earlier in saved:
            attributes.clear()
            attributes.update(earlier)


class _Copies:
    """Copies of what can change; one of each object, however many names it has."""

    def __init__(self, copy_array: CopyArray, kinds: tuple[type, ...]) -> None:
        self._copy_array, self._kinds = copy_array, kinds
        self._made: dict[int, tuple[Any, Any]] = {}

    def of(self, value: Any, depth: int = 0) -> Any:
        if type(value) in _PLAIN or isinstance(value, self._kinds):
            return value
        if id(value) not in self._made:
            self._made[id(value)] = value, value  # it may hold itself
            self._made[id(value)] = value, self._copy(value, depth)
        return self._made[id(value)][1]

    def _copy(self, value: Any, depth: int) -> Any:
        array = self._copy_array(value)
        if array is not None:
            return array
        if isinstance(value, _RANDOM):
            return copy.deepcopy(value)
        if type(value) is np.ndarray:
            return value.copy() if value.nbytes <= _LARGE else value
        if depth < _DEEP:
            return self._copy_container(value, depth + 1)
        return value

    def _copy_container(self, value: Any, depth: int) -> Any:
        kind: type = type(value)
        if kind is tuple:
            parts = [self.of(each, depth) for each in value]
            same = all(new is old for new, old in zip(parts, value, strict=True))
            return value if same else tuple(parts)
        if kind in (list, deque, set, *_MAPPINGS):
            made: Any = copy.copy(value)
            if kind is not set and len(value) <= _LONG:
                items = value.items() if kind in _MAPPINGS else enumerate(value)
                for place, each in list(items):
                    made[place] = self.of(each, depth)
            return made
        if kind in _RECORDS or is_record(kind):
            made = object.__new__(kind)
            vars(made).update((name, self.of(each, depth)) for name, each in vars(value).items())
            return made
        return value


def _names_aside(owners: Sequence[Any], copies: _Copies) -> Iterator[Put]:
    """Give what the owners' functions name the value of a copy; yields what puts each back."""
    waiting = [each for owner in owners for each in _functions_of(owner)]
    seen: set[int] = set()
    while waiting and len(seen) < _FUNCTIONS:
        function = waiting.pop()
        if id(function) in seen or not is_own(function):
            continue
        seen.add(id(function))
        read, written = _global_names(function.__code__)
        spaces = [(function.__globals__, name, name in written) for name in read | written]
        for cell in function.__closure__ or ():
            waiting += _functions_in(_content(cell))
            if (put := _cell_aside(cell, copies)) is not None:
                yield put
        for space, name, is_written in spaces:
            value = space.get(name, _MISSING)
            waiting += _functions_in(value)
            yield from _class_aside(value, copies, seen)
            if (put := _name_aside(space, name, copies, is_written)) is not None:
                yield put


def _functions_of(owner: Any) -> Iterator[Any]:
    for kind in type(owner).__mro__:
        if is_own(kind):
            yield from _functions_in(kind)
    for value in vars(owner).values():
        yield from _functions_in(value)


def _functions_in(value: Any) -> list[Any]:
    """A function, or those of a class of the script's own."""
    if isinstance(value, types.MethodType | staticmethod | classmethod):
        value = value.__func__
    if isinstance(value, types.FunctionType):
        return [value]
    if isinstance(value, type) and is_own(value):
        return [
            each
            for one in vars(value).values()
            if not isinstance(one, type)
            for each in _functions_in(one)
        ]
    return []


def _class_aside(value: Any, copies: _Copies, seen: set[int]) -> Iterator[Put]:
    if not (isinstance(value, type) and is_own(value)) or id(value) in seen:
        return
    seen.add(id(value))
    for name, each in list(vars(value).items()):
        if not name.startswith("__") and not _functions_in(each):
            made = copies.of(each)
            if made is not each:
                type.__setattr__(value, name, made)
            if made is not each or type(each) in (int, float):
                yield functools.partial(type.__setattr__, value, name, each)


def _name_aside(space: dict[str, Any], name: str, copies: _Copies, is_written: bool) -> Put | None:
    value = space.get(name, _MISSING)
    made = value if value is _MISSING else copies.of(value)
    if made is value and not is_written:
        return None
    if made is not value:
        space[name] = made

    def put() -> None:
        if value is not _MISSING:
            space[name] = value
        else:
            space.pop(name, None)

    return put


def _cell_aside(cell: Any, copies: _Copies) -> Put | None:
    value = _content(cell)
    if value is _MISSING:
        return None
    made = copies.of(value)
    if made is not value:
        cell.cell_contents = made
    return functools.partial(setattr, cell, "cell_contents", value)


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # it is filled later
        return _MISSING


@functools.cache
def _global_names(code: types.CodeType) -> tuple[frozenset[str], frozenset[str]]:
    """The names of its file that a function reads, and those that it gives other values."""
    read, written = set(), set()
    for step in dis.get_instructions(code):
        if step.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            read.add(str(step.argval))
        elif step.opname in ("STORE_GLOBAL", "DELETE_GLOBAL"):
            written.add(str(step.argval))
    for each in code.co_consts:
        if isinstance(each, types.CodeType):
            inner = _global_names(each)
            read |= inner[0]
            written |= inner[1]
    return frozenset(read), frozenset(written)
