"""`vizframe check RUN`: which parts of a run are sound."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from vizframe.store import CheckReport


def check(
    run: Annotated[str, typer.Argument(help="A run's folder or compacted file, or its name.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for a script.")] = False,
) -> int:
    """Read every byte of a run, and say per file and series what is sound.

    The exit code is 1 where something is not. What is sound stays readable either way.

    Example: vizframe check runs/mnist-lenet
    """
    from vizframe import store
    from vizframe.cli.progress_bar import bar
    from vizframe.reading.runs_folder import find_run

    path = find_run(run)
    with bar("checking") as progress:
        report = store.check(path, progress=progress)
    if as_json:
        _print_json(report)
    else:
        _print(str(path), report)
    return 0 if report.sound else 1


def _print_json(report: CheckReport) -> None:
    import json
    from dataclasses import asdict

    from pydantic_core import to_jsonable_python

    said = {"sound": report.sound, **asdict(report)}
    print(json.dumps(to_jsonable_python(said), indent=2, ensure_ascii=False))


def _print(path: str, report: CheckReport) -> None:
    from rich.console import Console
    from rich.table import Table

    from vizframe import wording

    console = Console(highlight=False, markup=False)
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("file", overflow="fold")  # a name is to be copied, so nothing is cut off
    for heading in ("steps", "size"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("")
    for file in report.files:
        verdict = "sound" if file.sound else "NOT sound"
        table.add_row(wording.plain(file.name), str(file.steps), wording.size(file.bytes), verdict)
    console.print(table)
    for sentence in report.sentences:
        console.print(wording.plain(sentence), soft_wrap=True)
    files = wording.count_noun(len(report.files), "file")
    steps = wording.count_noun(sum(file.steps for file in report.files), "step")
    verdict = "all sound" if report.sound else "NOT sound; the rest stays readable"
    console.print(wording.plain(f"{path}: {files}, {steps}, {verdict}"), soft_wrap=True)
