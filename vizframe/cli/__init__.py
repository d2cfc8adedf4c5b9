"""The command line: `vizframe COMMAND …`.

One command per file: `vizframe/cli/show.py` has the function `show`, whose annotated arguments
Typer turns into options, and one line in `COMMANDS` says what it does. Only the file of the command
that was asked for is imported, so that `vizframe --help` stays instant.

    sys.argv ──► main ──► the command's file ──► its function ──► exit code
                              0 done · 1 it failed · 2 it was asked for wrongly
                              3 `diagnose` found an alarm

An error is one sentence on standard error, never a traceback. A command that must run outside of
all this (a training script, with its own exit code and signals) returns a function, which `main`
calls last.
"""

from __future__ import annotations

import importlib
import inspect
import re
import sys
from collections.abc import Callable, Sequence
from typing import Annotated, Protocol, runtime_checkable

import typer

from vizframe.cli.system import refusals_told, show_all_letters
from vizframe.errors import UnknownName, UsageError, VizframeError

COMMANDS = {
    "record": "Run a training script, unmodified, and record what its filters learn.",
    "render": "Make the pictures of a run that was recorded with --defer.",
    "serve": "Open the app on a folder of runs.",
    "demo": "Train a small network on MNIST while you watch it.",
    "runs": "List the runs of a folder.",
    "show": "Say what a run holds.",
    "diagnose": "Say what is wrong with a training, since when, and what to try.",
    "plugins": "List the visualizations, where they come from, and their parameters.",
    "export": "Write PNG galleries, a film over training, or one HTML page.",
    "notes": "List, search and export what was noted about runs.",
    "check": "Say which parts of a run are sound.",
    "compact": "Rewrite a run as one tidy, compressed file.",
    "rm": "Delete a run.",
    "doctor": "Say what of vizframe works on this machine.",
}


@runtime_checkable
class _Misuse(Protocol):
    """What Typer raises for wrong options; its own class has moved between its releases."""

    exit_code: int

    def format_message(self) -> str: ...


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and leave with its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        with refusals_told():
            done = _run(given or ["--help"])
        if callable(done):
            done = done()
    except VizframeError as error:
        from vizframe.recording.voice import say

        say(str(error))
        sys.exit(2 if isinstance(error, UsageError) else 1)
    except typer.Abort:
        sys.exit(1)
    sys.exit(done if isinstance(done, int) else 0)


def _run(arguments: list[str]) -> object:
    chosen = next((word for word in arguments if not word.startswith("-")), None)
    if chosen is not None and chosen not in COMMANDS:
        raise UnknownName("command", chosen, COMMANDS)
    if chosen != "record":  # whose script is to find standard output as it was
        show_all_letters()
    shown = sys.excepthook  # Typer has one of its own, which a script is not to find there
    try:
        return _app(chosen)(arguments, prog_name="vizframe", standalone_mode=False)
    except Exception as error:
        if isinstance(error, _Misuse):
            raise UsageError(_sentence(error)) from None
        raise
    finally:
        sys.excepthook = shown


def _app(chosen: str | None) -> typer.Typer:
    """All commands, of which only the chosen one is loaded."""
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.callback(help="Watch what the filters of a neural network learn while it trains.")(_options)
    for name, sentence in COMMANDS.items():
        if name == chosen:
            _add(app, name, _load(name))
        else:
            app.command(name, help=sentence)(_placeholder)
    return app


def _add(app: typer.Typer, name: str, command: Callable[..., object]) -> None:
    # From the first positional argument on, `record` passes everything to the script untouched.
    settings = {"allow_interspersed_args": name != "record"}
    app.command(name, help=_paragraphs(command), context_settings=settings)(command)


def _paragraphs(command: Callable[..., object]) -> str:
    """The docstring, each of its paragraphs in one line: the terminal's width breaks them."""
    return re.sub(r"(?<=\S)\n(?=\S)", " ", inspect.getdoc(command) or "")


def _load(name: str) -> Callable[..., object]:
    module = importlib.import_module(f"vizframe.cli.{name}")
    command: Callable[..., object] = getattr(module, name)
    return command


def _placeholder() -> None:
    """Stands in the list of commands for one that was not asked for."""


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"vizframe {version('vizframe')}")
        raise typer.Exit


def _options(
    _version_: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Say the version."),
    ] = False,
) -> None:
    """What can be given before a command."""


def _sentence(error: _Misuse) -> str:
    sentence = error.format_message().strip().rstrip(".").replace("Value error, ", "")
    sentence = sentence.replace("Input should be", "it can be")
    return f"{sentence[:1].lower()}{sentence[1:]}; see --help"
