"""`vizframe notes [RUNS]`: what was noted about runs."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer


def notes(
    runs: Annotated[Path, typer.Argument(help="The folder of runs, or one run.")] = Path("runs"),
    search: Annotated[str, typer.Option(help="Only notes with these words.")] = "",
    starred: Annotated[bool, typer.Option("--starred", help="Only starred ones.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, a line a note.")] = False,
) -> None:
    """List notes, newest first in each run.

    Example: vizframe notes runs --search edge --json
    """
    from vizframe import wording
    from vizframe.errors import HistoryError
    from vizframe.recording.voice import say
    from vizframe.store import RunCatalog

    catalog = RunCatalog(runs)
    for run in catalog.runs():
        try:
            found = catalog.notes(run.name).all()
        except HistoryError as bad:
            say(str(bad))
            continue
        for note in found:
            if (starred and not note.star) or not note.says(search):
                continue
            if as_json:
                print(json.dumps({"run": run.name, **asdict(note)}))
            else:
                print(wording.plain(_line(run.name, note.layer, note.unit, note.step, note.star)))
                for line in note.text.splitlines():
                    print(wording.plain(f"    {line}"))


def _line(run: str, layer: str | None, unit: int | None, step: int | None, star: bool) -> str:
    about = [run, layer, None if unit is None else f"unit {unit}"]
    about.append(None if step is None else f"step {step}")
    return f"{'★ ' if star else ''}{' · '.join(each for each in about if each)}"
