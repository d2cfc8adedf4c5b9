"""A training script, run as Python itself would run it: the same `sys.argv`, `sys.path[0]` and
`__main__`, and, when it fails, a traceback that starts in the script.

    python train.py --lr 0.1       Script("train.py", ("--lr", "0.1"))
    python -m pkg.train --lr 0.1   Script("pkg.train", ("--lr", "0.1"), is_module=True)
"""

from __future__ import annotations

import importlib.util
import io
import os
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.abc import InspectLoader
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType, TracebackType
from typing import Self

from vizframe.errors import UsageError

_PYTHON = re.compile(r"(?:.*/)?python[\d.]*")

_OURS = str(Path(__file__).parents[1]) + os.sep


@dataclass(frozen=True, slots=True)
class Script:
    """What to run, and with what arguments."""

    target: str
    arguments: tuple[str, ...] = ()
    is_module: bool = False

    @classmethod
    def of(cls, words: Sequence[str]) -> Self:
        """The script of a command line: ``train.py …`` or ``-m module …``.

        Raises:
            UsageError: nothing is there to run.
        """
        is_module = bool(words) and words[0] == "-m"
        named = tuple(words[1:] if is_module else words)
        if not named:
            raise UsageError("there is no script to run; give one: vizframe record -- train.py")
        if not is_module and _PYTHON.fullmatch(named[0]):
            rest = " ".join(named[1:]) or "train.py"
            raise UsageError(f"script is {named[0]!r}; leave that out: vizframe record -- {rest}")
        return cls(named[0], named[1:], is_module)

    @property
    def stem(self) -> str:
        """A name for its runs: ``train`` of ``train.py``, ``pkg.train`` of a module."""
        return self.target if self.is_module else Path(self.target).stem

    def run(self) -> None:
        """Run it in this process, as `__main__`. What it raises passes through.

        Raises:
            UsageError: the script or module is not there.
        """
        try:
            main, code = self._module() if self.is_module else self._file()
            sys.argv = [str(main.__file__) if self.is_module else self.target, *self.arguments]
            sys.modules["__main__"] = main
            exec(code, main.__dict__)
        except BaseException:
            _hide_our_frames()
            raise

    def _file(self) -> tuple[ModuleType, CodeType]:
        try:
            with io.open_code(self.target) as file:
                source = file.read()
        except OSError as error:
            raise UsageError(
                f"script is {self.target!r}; it can be a Python file ({error.strerror})"
            ) from None
        path = os.path.abspath(self.target)
        main = _main(path, SourceFileLoader("__main__", path))
        _look_first_in(os.path.dirname(os.path.realpath(path)))
        # Without dont_inherit the script would be compiled under this file's __future__ imports.
        return main, compile(source, path, "exec", dont_inherit=True)

    def _module(self) -> tuple[ModuleType, CodeType]:
        _look_first_in(os.getcwd())  # as `python -m` does
        spec = _spec(self.target)
        code = _code(spec)
        main = _main(spec.origin, spec.loader)
        main.__spec__ = spec
        main.__package__ = spec.parent
        main.__dict__["__cached__"] = spec.cached
        return main, code


def _look_first_in(folder: str) -> None:
    """In place of where `vizframe` lies; where Python was told to use safe paths, neither is."""
    if not sys.flags.safe_path:
        sys.path[0] = folder


def _main(file: str | None, loader: object) -> ModuleType:
    """An empty `__main__` that has what Python's own has."""
    main = ModuleType("__main__")
    main.__dict__.update(
        __file__=file,
        __loader__=loader,
        __builtins__=sys.modules["builtins"],
        __annotations__={},
        __cached__=None,
    )
    return main


def _code(spec: ModuleSpec) -> CodeType:
    if isinstance(spec.loader, InspectLoader):
        code = spec.loader.get_code(spec.name)
        if code is not None:
            return code
    raise UsageError(f"module is {spec.name!r}, which has no Python code to run")


def _spec(name: str) -> ModuleSpec:
    """Where the module is; of a package, its `__main__`."""
    try:
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.submodule_search_locations is not None:
            spec = importlib.util.find_spec(f"{name}.__main__")
    except ModuleNotFoundError as error:
        raise UsageError(f"module is {name!r}, which cannot be found ({error})") from None
    if spec is None:
        raise UsageError(f"module is {name!r}; it can be a module that `python -m` can run")
    return spec


def _hide_our_frames() -> None:
    """Let the interpreter, when it prints the exception and leaves, show the script's frames
    alone. The exception itself is left to pass, so that exit code and signals are Python's own."""
    shown = sys.excepthook

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        for each in _chain(error):
            each.__traceback__ = without_our_frames(each.__traceback__)
        shown(kind, error, error.__traceback__)

    sys.excepthook = hook


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The exception and all those it came from, each once."""
    waiting: list[BaseException | None] = [error]
    seen: set[int] = set()
    while waiting:
        each = waiting.pop()
        if each is not None and id(each) not in seen:
            seen.add(id(each))
            waiting += [each.__cause__, each.__context__]
            yield each


def without_our_frames(trace: TracebackType | None) -> TracebackType | None:
    """The traceback without vizframe's frames and without what lies before the script; whole,
    where the error is one of vizframe's own code while the script ran."""
    entries = []
    while trace is not None:
        entries.append(trace)
        trace = trace.tb_next
    starts = [at for at, each in enumerate(entries) if each.tb_frame.f_code is Script.run.__code__]
    inside = entries[starts[-1] + 1 :] if starts else entries
    if inside and _is_ours(inside[0]):
        return None  # the script cannot be compiled: Python shows no frame either
    if inside and _is_ours(inside[-1]):
        return entries[0]
    shown: TracebackType | None = None
    for each in reversed(inside):
        if not _is_ours(each):
            shown = TracebackType(shown, each.tb_frame, each.tb_lasti, each.tb_lineno)
    return shown


def _is_ours(entry: TracebackType) -> bool:
    return entry.tb_frame.f_code.co_filename.startswith(_OURS)
