"""What a signal handler of the script raises is the script's, wherever it arrives."""

from __future__ import annotations

import functools
import os
import signal
from collections.abc import Callable, Iterator

import pytest

from vizframe.network.guard import Guard, describe_loss


class Enough(Exception):
    """What a script raises to end its training."""


def raises(*_: object) -> None:
    raise Enough


class Timer:
    def ring(self, *given: object) -> None:
        raises(*given)

    def __call__(self, *given: object) -> None:
        raises(*given)


@pytest.fixture
def _restored() -> Iterator[None]:
    before = signal.getsignal(signal.SIGUSR1)
    yield
    signal.signal(signal.SIGUSR1, before)


HANDLERS: dict[str, Callable[..., None]] = {
    "a function": raises,
    "a lambda": lambda *given: raises(*given),
    "a method": Timer().ring,
    "an object": Timer(),
    "a partial": functools.partial(raises, 1),
    "a partial of a partial of a method": functools.partial(functools.partial(Timer().ring), 2),
}


@pytest.mark.usefixtures("_restored")
@pytest.mark.parametrize("kind", HANDLERS)
def test_what_a_handler_raises_passes_the_guard(kind: str) -> None:
    signal.signal(signal.SIGUSR1, HANDLERS[kind])
    with pytest.raises(Enough), Guard()("a picture"):
        os.kill(os.getpid(), signal.SIGUSR1)


@pytest.mark.usefixtures("_restored")
@pytest.mark.parametrize("handler", [signal.SIG_IGN, HANDLERS["an object"]])
def test_what_breaks_in_a_plugin_does_not(handler: signal.Handlers | Callable[..., None]) -> None:
    signal.signal(signal.SIGUSR1, handler)
    with Guard()("a picture"):
        raise ValueError


def test_of_an_error_with_a_traceback_in_it_the_last_line_is_said() -> None:
    error = ValueError(
        "Traceback (most recent call last):\n  File ops.cc, line 3\nOpError: no gemm\n"
    )
    assert describe_loss("the recording", error).startswith(
        "the recording failed: ValueError: OpError: no gemm; training goes on without it"
    )
