"""The command line of a benchmark: its docstring is its help, other words are refused."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from pathlib import Path


def command_line(text: str | None, *, clock: bool = False) -> argparse.ArgumentParser:
    """One whose help is the program's docstring as it is written.

    Args:
        clock: whether it takes ``--cpu``, which `benchmarks.clock` reads by itself.
    """
    made = argparse.ArgumentParser(
        description=text, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    if clock:
        made.add_argument("--cpu", action="store_true", help="Seconds of the processor's clock.")
    return made


def folder(text: str | None) -> Path | None:
    """Where the program is asked to write, by default the system's temporary folder."""
    made = command_line(text)
    made.add_argument("folder", nargs="?", type=Path, help="Where it writes.")
    given: Path | None = made.parse_args().folder
    return given


def one_of(names: Iterable[str]) -> Callable[[str], str]:
    """The type of an argument that may be given several times, or not at all: argparse's own
    ``choices`` asks that of the empty list, too."""
    known = list(names)

    def check(word: str) -> str:
        if word not in known:
            raise argparse.ArgumentTypeError(f"it is {word!r}; it can be {', '.join(known)}")
        return word

    return check
