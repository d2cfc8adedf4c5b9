"""The demo's text: source code that every Python has, some of it held out; what trains on it.

character ─ embedding (24) ─ LSTM (96) ─ dense ─ a score for each character of the vocabulary
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vizframe.errors import UsageError
from vizframe.network import FloatArray
from vizframe.network.probe import Probe

Numbers = npt.NDArray[np.int64]

MODULES = ("argparse", "configparser", "csv", "cmd", "shlex", "optparse", "string", "textwrap")
"""Modules of Python's own library, learnt from in this order; the last one is held out."""

BATCH = 32
WINDOW = 64
EMBEDDED = 24
CELLS = 96
RATE = 0.005

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
        """The text that numbers stand for."""
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


class TextLearnt:
    """What a training on a text draws and says of itself, whatever the framework: batches of 32
    windows of 64 characters, drawn from one seed."""

    class_names: tuple[str, ...] = ()

    def __init__(self, text: Text, seed: int) -> None:
        self.text = text
        self._order = np.random.default_rng(seed)
        self._done = 0

    @property
    def epoch(self) -> float:
        """How many characters were learnt from, over those of the text."""
        return self._done * BATCH * WINDOW / len(self.text.learnt)

    def probe(self) -> Probe:
        """See `vizframe.demo.digits.Training`."""
        return self.text.probe()

    def scores(self, read: Numbers) -> FloatArray:
        """The scores of the next characters, (window, time, character)."""
        raise NotImplementedError

    def accuracy(self, most: int | None = None) -> float:
        """The share of the characters of held-out windows, or of so many of them, that are
        predicted."""
        windows, next_ones = self._judged(most)
        return float((self.scores(windows).argmax(axis=2) == next_ones).mean())

    def outcome(self) -> str:
        """How well a text that was never seen is predicted."""
        windows, next_ones = self._judged(None)
        scores = self.scores(windows).astype(np.float64)
        scores -= scores.max(axis=2, keepdims=True)
        given = np.take_along_axis(scores, next_ones[:, :, None], axis=2)[:, :, 0]
        nats = np.log(np.exp(scores).sum(axis=2)) - given
        return f"a module that it never saw costs {nats.mean() / np.log(2):.2f} bits a character"

    def batch(self) -> tuple[Numbers, Numbers]:
        """The next windows to learn from, and the characters that follow on theirs; counted."""
        starts = self._order.integers(0, len(self.text.learnt) - WINDOW - 1, BATCH)
        windows = np.stack([self.text.learnt[at : at + WINDOW + 1] for at in starts])
        self._done += 1
        return windows[:, :-1], windows[:, 1:]

    def _judged(self, most: int | None) -> tuple[Numbers, Numbers]:
        count = min(most or len(self.text.held_out), (len(self.text.held_out) - 1) // WINDOW)
        ends = count * WINDOW
        read = self.text.held_out[:ends].reshape(count, WINDOW)
        return read, self.text.held_out[1 : ends + 1].reshape(count, WINDOW)


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
