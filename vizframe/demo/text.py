"""The demo's text: source code that every Python has, some of it held out."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vizframe.errors import UsageError
from vizframe.network.probe import Probe

Numbers = npt.NDArray[np.int64]

MODULES = ("argparse", "configparser", "csv", "cmd", "shlex", "optparse", "string", "textwrap")
"""Modules of Python's own library, learnt from in this order; the last one is held out."""

PROBE_TOKENS = 400
PROBE_TEXTS = 2
UNKNOWN = "�"
"""Stands for a character that the learnt text does not have."""


@dataclass(frozen=True, slots=True, eq=False)
class Text:
    """Characters as numbers.

    Attributes:
        learnt: the characters that are learnt from, one after the other.
        held_out: those of a module of its own.
        vocabulary: the character of each number.
    """

    learnt: Numbers
    held_out: Numbers
    vocabulary: tuple[str, ...]

    def written(self, numbers: Numbers) -> tuple[str, ...]:
        """What numbers stand for."""
        return tuple(self.vocabulary[number] for number in numbers)

    def probe(self) -> Probe:
        """Held-out texts, one after the other, from the line that begins after a third of it."""
        lines = np.flatnonzero(self.held_out == self.vocabulary.index("\n")) + 1
        start = int(lines[np.searchsorted(lines, len(self.held_out) // 3)])
        chosen = self.held_out[start : start + PROBE_TEXTS * PROBE_TOKENS]
        rows = chosen.reshape(PROBE_TEXTS, PROBE_TOKENS)
        return Probe(
            rows.astype(np.float32),
            tokens=tuple(map(self.written, rows)),
            vocabulary=self.vocabulary,
        )


def python_source(modules: tuple[str, ...] = MODULES) -> Text:
    """The source of modules, the last one held out.

    Raises:
        UsageError: this Python came without the source of one of them.
    """
    sources = [_source(name) for name in modules]
    learnt = "".join(sources[:-1])
    vocabulary = (UNKNOWN, *sorted(set(learnt)))
    numbers = {character: number for number, character in enumerate(vocabulary)}

    def numbered(text: str) -> Numbers:
        return np.array([numbers.get(character, 0) for character in text], np.int64)

    return Text(numbered(learnt), numbered(sources[-1]), vocabulary)


def _source(name: str) -> str:
    spec = find_spec(name)
    path = Path(spec.origin) if spec and spec.origin else None
    if path is None or path.suffix != ".py" or not path.is_file():
        raise UsageError(
            f"task is 'text', whose text is the source of Python's module {name!r}, which this "
            "Python came without; it can be 'digits'"
        )
    return path.read_text("utf-8")
