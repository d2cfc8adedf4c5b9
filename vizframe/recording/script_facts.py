"""What a script sets its training up with, seen where it says so: its arguments, as argparse read
them, and the seeds that it gives to Python and NumPy."""

from __future__ import annotations

import argparse
import functools
import random
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from vizframe.network.guard import Guard
from vizframe.recording.hyper_parameters import script_arguments

Made = Callable[[tuple[Any, ...], Any], None]
"""Told what a function was given, and what it gave."""


class ScriptFacts:
    """Collects them, from `begin` to `end`."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._noted: dict[str, object] = {}
        self._parsed: dict[str, object] = {}
        self._undo: list[Callable[[], None]] = []

    @property
    def found(self) -> dict[str, object]:
        """By name: each argument as ``argument/lr``, each seed as ``seed/numpy``."""
        arguments = self._parsed or script_arguments(sys.argv[1:])
        named = {f"argument/{name}": value for name, value in arguments.items()}
        return {**named, **self._noted}

    def begin(self) -> None:
        self._see(random, "seed", lambda given, _: self._seed("python", given))
        self._see(np.random, "seed", lambda given, _: self._seed("numpy", given))
        self._see(argparse.ArgumentParser, "parse_known_args", lambda _, made: self._parse(made))

    def end(self) -> None:
        """Put everything back."""
        while self._undo:
            self._undo.pop()()

    def note(self, name: str, value: object) -> None:
        self._noted[name] = value

    def _seed(self, whose: str, given: tuple[Any, ...]) -> None:
        if given and given[0] is not None:
            self.note(f"seed/{whose}", given[0])

    def _parse(self, made: Any) -> None:
        """A parser's last word counts: one may be asked twice, and sub-parsers before it."""
        self._parsed = dict(vars(made[0]))

    def _see(self, owner: Any, name: str, seen: Made) -> None:
        original = getattr(owner, name)

        @functools.wraps(original)
        def watched(*given: Any, **named: Any) -> Any:
            made = original(*given, **named)
            with self._guard("what the script is set up with"):
                seen(given, made)
            return made

        setattr(owner, name, watched)
        self._undo.append(functools.partial(setattr, owner, name, original))
