"""`vizframe rm RUN`: delete runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def rm(
    runs: Annotated[list[str], typer.Argument(metavar="RUN...", help="Runs: folders or names.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Also a run that is being recorded.")
    ] = False,
) -> None:
    """Delete runs, after asking. Nothing but what vizframe wrote is deleted.

    Example: vizframe rm runs/mnist-lenet --yes
    """
    from vizframe import store, wording
    from vizframe.finding import find_run

    paths = [find_run(run) for run in runs]
    for path in paths:
        described = _described(path)
        if not yes and not typer.confirm(f"Delete {described}?"):
            print(f"{path} stays")
            continue
        freed = store.remove(path, force=force)
        print(wording.plain(f"{path} is deleted: {wording.size(freed)} freed"))


def _described(path: Path) -> str:
    """What is about to go, so that the wrong one is noticed."""
    from vizframe import store, wording
    from vizframe.errors import HistoryError
    from vizframe.series import span

    try:
        history = store.open(path)
    except HistoryError as bad:
        return wording.plain(f"{path} ({bad})")
    said = span(list(history.steps))
    history.close()
    return wording.plain(f"{path} ({said})")
