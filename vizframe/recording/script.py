"""A training script, run as Python itself would run it: the same `sys.argv`, `sys.path[0]` and
`__main__`, and, when it fails, a traceback that starts in the script.

    python train.py --lr 0.1       Script("train.py", ("--lr", "0.1"))
    python -m pkg.train --lr 0.1   Script("pkg.train", ("--lr", "0.1"), is_module=True)
    python app/, python app.pyz    the __main__ inside
    python train.pyc               compiled
"""

from __future__ import annotations

import importlib.util
import io
import marshal
import os
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.machinery import ModuleSpec, SourceFileLoader, SourcelessFileLoader
from importlib.util import MAGIC_NUMBER
from itertools import takewhile
from pathlib import Path
from types import CodeType, ModuleType, TracebackType
from typing import Protocol, Self

from vizframe.errors import UsageError
from vizframe.recording.programs import check_is_python, check_no_launcher, check_no_program
from vizframe.recording.shadowed import forget_shadowed

_PYTHON = re.compile(r"(?:.*/)?python[\d.]*")

_PYC_HEADER = 16
"""Bytes of a compiled file before its code: magic number, flags, and a stamp of the source."""

_OURS = str(Path(__file__).parents[1]) + os.sep


class _Finder(Protocol):
    """Finds modules in one place."""

    def find_spec(self, fullname: str, target: ModuleType | None = ...) -> ModuleSpec | None: ...


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
        if not is_module:
            _check_no_python(named)
        check_no_launcher(named[0], is_module=is_module)
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
        """A source file, a compiled one, or a folder or zip file with a `__main__`."""
        path = os.path.abspath(self.target)
        try:
            inside = os.path.join(os.getcwd(), self.target)
            if (archive := _importer(inside)) is not None:
                return _main_inside(archive, inside)
            with io.open_code(self.target) as file:
                content = file.read()
        except OSError as error:
            check_no_program(self.target)
            raise UsageError(
                f"script is {self.target!r}; it can be a Python file, or a folder or zip file "
                f"with a __main__.py ({error.strerror})"
            ) from None
        check_is_python(self.target, content)
        _look_first_in(os.path.dirname(os.path.realpath(path)))
        if content.startswith(MAGIC_NUMBER):
            return _main(path, SourcelessFileLoader("__main__", path)), _compiled(content, path)
        # Without dont_inherit the script would be compiled under this file's __future__ imports.
        main = _main(path, SourceFileLoader("__main__", path))
        return main, compile(content, path, "exec", dont_inherit=True)

    def _module(self) -> tuple[ModuleType, CodeType]:
        _look_first_in(os.getcwd())  # as `python -m` does
        spec = _spec(self.target)
        code = _code(spec)
        main = _main(spec.origin, spec.loader)
        main.__spec__ = spec
        main.__package__ = spec.parent
        main.__dict__["__cached__"] = spec.cached
        return main, code


def _check_no_python(words: Sequence[str]) -> None:
    """Raises UsageError where a command line begins with Python itself, or with an option of it."""
    is_python = _PYTHON.fullmatch(words[0]) is not None
    given = words[1:] if is_python else words
    options = list(takewhile(lambda word: word.startswith("-") and word != "-m", given))
    rest = " ".join(given[len(options) :]) or "train.py"
    if "-c" in options:
        raise UsageError("script is '-c', code without a file; it can be a Python file")
    if "-" in options:
        raise UsageError("script is '-', standard input; it can be a Python file")
    if options and not Path(words[0]).exists():
        own = " ".join(options)
        raise UsageError(
            f"script is {words[0]!r}; give what is Python's to Python: "
            f"python {own} -m vizframe record -- {rest}"
        )
    if is_python:
        raise UsageError(f"script is {words[0]!r}; leave that out: vizframe record -- {rest}")


def _importer(target: str) -> _Finder | None:
    """What finds modules inside a folder or a zip file, as Python itself decides it; None for any
    other file."""
    if not os.path.exists(target):
        return None
    for hook in sys.path_hooks:
        try:
            return hook(target)
        except ImportError:
            continue
    return None


def _main_inside(archive: _Finder, target: str) -> tuple[ModuleType, CodeType]:
    """The `__main__` of a folder or zip file, which stands first on the path of modules, also
    where Python was told to use safe paths."""
    spec = archive.find_spec("__main__")
    if spec is None or spec.loader is None:
        raise UsageError(f"script is {target!r}; it can be a folder or zip file with a __main__.py")
    code = _code(spec)
    if sys.flags.safe_path:
        sys.path.insert(0, target)
    else:
        sys.path[0] = target
    forget_shadowed(target)
    main = _main(spec.origin, spec.loader)
    main.__spec__ = spec
    main.__package__ = ""
    main.__dict__["__cached__"] = spec.cached
    return main, code


def _compiled(content: bytes, path: str) -> CodeType:
    code = marshal.loads(content[_PYC_HEADER:])
    if not isinstance(code, CodeType):
        raise UsageError(f"script is {path!r}, which has no Python code to run")
    return code


def _look_first_in(folder: str) -> None:
    """Put the folder first on the path of modules, in the place of the one with `vizframe`. Where
    Python was told to use safe paths, neither is on it."""
    if not sys.flags.safe_path:
        sys.path[0] = folder
        forget_shadowed(folder)


def _main(file: str | None, loader: object) -> ModuleType:
    """An empty `__main__` module with the attributes that Python itself gives one."""
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
    get_code = getattr(spec.loader, "get_code", None)  # files and zip files have it
    code = get_code(spec.name) if callable(get_code) else None
    if isinstance(code, CodeType):
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
    """The exception, and all its causes and contexts, each once."""
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


if __name__ == "__main__":
    # ``python -m vizframe.recording.script train.py``: MXNet can be imported beside NumPy 1.26 from
    # the start, also by a script that imports vizframe after it, or not at all.
    Script.of(sys.argv[1:]).run()
