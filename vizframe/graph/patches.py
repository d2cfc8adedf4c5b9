"""Methods of a library that are wrapped for a while, and put back again.

    before(…) ──► the method itself ──► after(…)
    guarded        as the script called it   guarded

Whatever breaks before or after is met by the guard; what the method itself raises is the script's,
and a traceback that the script prints has no frame of what stands around. Where the script has put
something of its own around ours by the time that all is put back, that stays, and calls the method.
A script may put ours back itself later, when it is over: the next to be put there goes in its
place, so that a script that does it again and again has no more of ours in its way than one.
"""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from vizframe.network.guard import Guard

Method = Callable[..., Any]

_OURS = str(Path(__file__).parents[1]) + "/"


@dataclass(slots=True, eq=False)
class Switch:
    """Whether what was wrapped together is still watched."""

    is_on: bool = True


class Patches:
    """What is wrapped, and how to put it back."""

    def __init__(self, guard: Guard | None = None) -> None:
        self._guard = guard or Guard()
        self._undo: list[Callable[[], None]] = []
        self._on = Switch()

    def put(self, owner: Any, name: str, make: Callable[[Method, Switch], Method]) -> None:
        """Have ``make(original, switch)`` in place of ``owner.name``. It guards itself, and calls
        the original alone when the switch is off.

        Raises:
            TypeError: the owner is a class on which nothing can be set.
        """
        original = _method(owner, name)
        self._set(owner, name, make(original, self._on), original)

    def wrap(self, owner: Any, name: str, around: Method) -> None:
        """Have ``around(original, …)`` called in place of ``owner.name(…)``. It guards itself."""
        original = _method(owner, name)
        on = self._on

        @functools.wraps(original)
        def watched(*given: Any, **named: Any) -> Any:
            try:
                if not on.is_on:
                    return original(*given, **named)
                return around(original, *given, **named)
            except BaseException as error:
                leave_no_frame(error)
                raise

        self._set(owner, name, watched, original)

    def change(self, owner: Any, name: str, changed: Method) -> None:
        """Have what ``owner.name(…)`` gives changed: ``changed(result, …)`` is given instead."""
        original = _method(owner, name)
        guard, what = self._guard, f"what was to be seen at {owner.__name__}.{name}"
        on = self._on

        @functools.wraps(original)
        def watched(*given: Any, **named: Any) -> Any:
            try:
                result = original(*given, **named)
            except BaseException as error:
                leave_no_frame(error)
                raise
            try:
                return changed(result, *given, **named) if on.is_on else result
            except (Exception, SystemExit) as error:
                guard.meet(what, error)
            return result

        self._set(owner, name, watched, original)

    def see(
        self,
        owner: Any,
        name: str,
        *,
        before: Method | None = None,
        after: Method | None = None,
        failed: Method | None = None,
    ) -> None:
        """Have others called around ``owner.name(…)``.

        Args:
            before: called with the same arguments; what it gives is the ``token``.
            after: called with the token, the result and the arguments.
            failed: called with the token, where the method raises.
        """
        original = _method(owner, name)
        guard, what = self._guard, f"what was to be seen at {owner.__name__}.{name}"
        on = self._on

        @functools.wraps(original)
        def watched(*given: Any, **named: Any) -> Any:
            token = None
            try:
                if before is not None and on.is_on:
                    token = before(*given, **named)
            except (Exception, SystemExit) as error:
                guard.meet(what, error)
            try:
                result = original(*given, **named)
            except BaseException as error:
                if failed is not None and on.is_on:
                    failed(token)
                leave_no_frame(error)
                raise
            try:
                if after is not None and on.is_on:
                    after(token, result, *given, **named)
            except (Exception, SystemExit) as error:
                guard.meet(what, error)
            return result

        self._set(owner, name, watched, original)

    def remove(self) -> None:
        """Put everything back."""
        self._on.is_on = False
        self._on = Switch()
        while self._undo:
            self._undo.pop()()

    def _set(self, owner: Any, name: str, watched: Method, original: Method) -> None:
        own = vars(owner).get(name)
        while _is_over(own):
            own = _wrapped[own].own
        _wrapped[watched] = _Wrapped(self._on, original, own)
        if isinstance(owner, ModuleType):  # by which it is pickled, for a worker that is spawned
            watched.__module__, watched.__qualname__ = owner.__name__, name
        setattr(owner, name, watched)
        self._undo.append(functools.partial(_put_back, owner, name, watched))


@dataclass(frozen=True, slots=True, eq=False)
class _Wrapped:
    """What one of ours stands around.

    Attributes:
        on: whether it is still watched.
        original: what it calls.
        own: what the owner itself had in its place; None: it is inherited.
    """

    on: Switch
    original: Method
    own: Any


_wrapped: weakref.WeakKeyDictionary[Method, _Wrapped] = weakref.WeakKeyDictionary()


def _is_over(method: Any) -> bool:
    return isinstance(method, FunctionType) and method in _wrapped and not _wrapped[method].on.is_on


def _method(owner: Any, name: str) -> Method:
    """``owner.name`` without those of ours around it that are over."""
    method: Method = getattr(owner, name)
    while _is_over(method):
        method = _wrapped[method].original
    return method


def _put_back(owner: Any, name: str, watched: Method) -> None:
    if vars(owner).get(name) is not watched:  # the script has something of its own there by now
        return
    own = _wrapped[watched].own
    if own is None:
        delattr(owner, name)
    else:
        setattr(owner, name, own)


def leave_no_frame(error: BaseException) -> None:
    """Take our own frames off the start of the traceback; a bare ``raise`` adds none. What broke
    in our own code keeps them all."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename.startswith(_OURS):
        trace = trace.tb_next
    if trace is not None:
        error.__traceback__ = trace
