"""The guard: nothing that breaks in vizframe reaches the training that it looks at.

    with guard("the first batch"):
        …                            breaks ──► said once, and the training goes on
                                     strict ──► raised

Every place where our code enters a training stands inside one: before and after an update, at a
batch, at its end. Ctrl-C, the end that ``--stop-on`` asks for, and whatever else is meant for the
training itself pass through.
"""

from __future__ import annotations

import functools
import logging
import signal
from types import CodeType, TracebackType

from vizframe.errors import TrainingStopped, VizframeError

log = logging.getLogger("vizframe")

_CAUGHT = (Exception, SystemExit)
"""What a plugin raises can be anything; Ctrl-C is meant for the training."""


def is_from_script(error: BaseException) -> bool:
    """Whether it is the script's, or the user's, and only happened to arrive while a plugin ran:
    Ctrl-C, and what a signal handler of the script raises."""
    if isinstance(error, KeyboardInterrupt):
        return True
    handlers = _handler_codes()
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code in handlers:
            return True
        trace = trace.tb_next
    return False


def _handler_codes() -> set[CodeType]:
    codes: set[CodeType] = set()
    for number in signal.valid_signals():
        code = _code_of(signal.getsignal(number))
        if code is not None:
            codes.add(code)
    return codes


def _code_of(handler: object) -> CodeType | None:
    """What runs when a function, a method, a partial or an object with ``__call__`` is called; None
    of what is not written in Python."""
    while isinstance(handler, functools.partial):
        handler = handler.func
    if not callable(handler):  # none of Python's, or what the system does by itself
        return None
    function = getattr(handler, "__func__", handler)
    code = getattr(function, "__code__", None) or getattr(type(handler).__call__, "__code__", None)
    return code if isinstance(code, CodeType) else None


class Guard:
    """Keeps what breaks inside it from the training.

    Args:
        strict: raise it, instead of saying it.
    """

    def __init__(self, *, strict: bool = False) -> None:
        self.strict = strict
        self._said: set[str] = set()
        self._blocks: dict[str, Guarded] = {}

    def __call__(self, what: str) -> Guarded:
        """Inside ``with guard(…):``, an exception ends the block and is said, the first time for
        each ``what``.

        Args:
            what: is lost when the block breaks, such as "this step's recording".
        """
        block = self._blocks.get(what)
        if block is None:
            block = self._blocks[what] = Guarded(self, what)
        return block

    def meet(self, what: str, error: BaseException) -> None:
        """Say what broke; raise it where the guard is strict, it is to end the training, or is the
        script's."""
        if self.strict or isinstance(error, TrainingStopped) or is_from_script(error):
            raise error
        self.say(what, describe_loss(what, error))

    def has_said(self, key: str) -> bool:
        """Whether anything was said for it."""
        return key in self._said

    def say(self, key: str, sentence: str) -> None:
        """Tell the user, the first time that this key comes."""
        if key not in self._said:
            self._said.add(key)
            log.warning("%s", sentence)


class Guarded:
    """One block inside a guard. It keeps nothing, and can be entered again."""

    __slots__ = ("_guard", "_what")

    def __init__(self, guard: Guard, what: str) -> None:
        self._guard = guard
        self._what = what

    def __enter__(self) -> None: ...

    def __exit__(
        self, _kind: object, error: BaseException | None, _trace: TracebackType | None
    ) -> bool:
        if error is None:
            return False
        passes = isinstance(error, TrainingStopped) or not isinstance(error, _CAUGHT)
        if self._guard.strict or passes:
            return False
        if is_from_script(error):
            return False
        self._guard.say(self._what, describe_loss(self._what, error))
        return True


def describe_loss(what: str, error: BaseException) -> str:
    """One sentence: what went wrong, and that only ``what`` is lost."""
    try:
        told = str(error)
        if "Traceback (most recent call last)" in told:  # of another language, as MXNet's errors
            told = told.strip().splitlines()[-1]
        text = " ".join(told.split())
    except Exception:  # an error whose own text breaks is told by its type alone
        text = ""
    if isinstance(error, VizframeError):
        return f"{text}; training goes on without {what}"
    reason = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return f"{what} failed: {reason}; training goes on without it, strict (--strict) stops there"
