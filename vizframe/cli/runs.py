"""`vizframe runs`: the runs of a folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vizframe.history import RunSummary


def runs(
    folder: Annotated[Path, typer.Argument(help="The folder to look in.")] = Path("runs"),
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for a script.")] = False,
) -> None:
    """List the runs of a folder, newest first.

    Example: vizframe runs experiments/
    """
    from vizframe.errors import UsageError
    from vizframe.store import RunCatalog

    if not folder.is_dir():
        raise UsageError(f"{folder} is no folder; it can be one that holds runs")
    found = RunCatalog(folder).runs()
    if as_json:
        _print_json(found)
    elif found:
        _print_table(found)
    else:
        print(f"There is no run in {folder}. Make one: vizframe record -- train.py")


def _print_json(found: Sequence[RunSummary]) -> None:
    import json

    lines = [
        {
            "name": each.name,
            "steps": each.steps,
            "last_step": each.last_step,
            "last_time": each.last_time,
            "bytes": each.bytes,
            "fault": each.fault,
            "info": each.info and each.info.model_dump(mode="json", exclude={"layers"}),
        }
        for each in found
    ]
    print(json.dumps(lines, indent=2, ensure_ascii=False))


def _print_table(found: Sequence[RunSummary]) -> None:
    import time

    from rich.console import Console
    from rich.table import Table

    from vizframe import wording

    table = Table("run", "network", box=None, padding=(0, 2, 0, 0))
    for heading in ("steps", "last step", "size", "recorded"):
        table.add_column(heading, justify="right", no_wrap=True)
    for each in found:
        table.add_row(
            wording.plain(each.name),
            wording.plain(each.info.network) if each.info else "?",
            str(each.steps),
            "" if each.last_step is None else str(each.last_step),
            wording.size(each.bytes),
            "never" if each.last_time is None else wording.ago(time.time() - each.last_time),
        )
    console = Console(highlight=False, markup=False, soft_wrap=False)
    console.print(table)
    for each in found:
        if each.fault:
            console.print(wording.plain(f"{each.name}: {each.fault}"), soft_wrap=True)
