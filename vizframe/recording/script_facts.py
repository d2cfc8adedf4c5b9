"""What a script sets its training up with, seen where it says so: its arguments, as argparse read
them, and the seeds that it gives to Python and NumPy."""

from __future__ import annotations

import argparse
import random
import sys
from functools import partial
from typing import Any

import numpy as np

from vizframe.graph.patches import Patches
from vizframe.network.guard import Guard
from vizframe.recording.hyper_parameters import script_arguments


class ScriptFacts:
    """Collects what a script sets its training up with, from `begin` to `end`."""

    def __init__(self, guard: Guard) -> None:
        self._patches = Patches(guard)
        self._noted: dict[str, object] = {}
        self._parsed: dict[str, object] = {}

    @property
    def found(self) -> dict[str, object]:
        """By name: each argument as ``argument/lr``, each seed as ``seed/numpy``."""
        arguments = self._parsed or script_arguments(sys.argv[1:])
        named = {f"argument/{name}": value for name, value in arguments.items()}
        return {**named, **self._noted}

    def begin(self) -> None:
        see = self._patches.see
        see(random, "seed", after=partial(self._seed, "python"))
        see(np.random, "seed", after=partial(self._seed, "numpy"))
        see(argparse.ArgumentParser, "parse_known_args", after=self._parse)

    def end(self) -> None:
        """Put everything back."""
        self._patches.remove()

    def note(self, name: str, value: object) -> None:
        self._noted[name] = value

    def _seed(self, whose: str, _token: None, _made: None, *given: Any, **named: Any) -> None:
        seed = next(iter((*given, *named.values())), None)
        if seed is not None:
            self.note(f"seed/{whose}", seed)

    def _parse(self, _token: None, made: Any, *_given: Any, **_named: Any) -> None:
        """The last call counts: a parser may be asked twice, and sub-parsers are asked before
        it."""
        self._parsed = dict(vars(made[0]))
