"""`vizframe rm RUN`: delete runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer


def rm(
    runs: Annotated[list[str], typer.Argument(metavar="RUN...", help="Runs: folders or names.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Also a run that is being recorded.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print a line of JSON per run; needs --yes.")
    ] = False,
) -> None:
    """Delete runs, after asking. Nothing but what vizframe wrote is deleted.

    Example: vizframe rm runs/mnist-lenet --yes
    """
    from vizframe import store, wording
    from vizframe.errors import UsageError
    from vizframe.reading.runs_folder import find_run

    if as_json and not yes:
        raise UsageError("--json is given without --yes; it can be with it: a script is not asked")
    paths = [find_run(run) for run in runs]
    for path in paths:
        described = _describe(path)
        if not yes and not typer.confirm(f"Delete {described}?"):
            print(f"{path} stays")
            continue
        freed = store.remove(path, force=force)
        if as_json:
            print(json.dumps({"path": str(path), "bytes": freed}, ensure_ascii=False), flush=True)
        else:
            print(wording.plain(f"{path} is deleted: {wording.size(freed)} freed"))


def _describe(path: Path) -> str:
    """What is about to go, so that the wrong one is noticed."""
    from vizframe import store, wording
    from vizframe.errors import HistoryError
    from vizframe.reading.series import span

    try:
        history = store.open(path)
    except HistoryError as bad:
        return wording.plain(f"{path} ({bad})")
    said = span(list(history.steps))
    history.close()
    return wording.plain(f"{path} ({said})")
