"""`vizframe diagnose RUN`: what is wrong with a training, since when, which layer, what to try."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from vizframe.diagnosis.report import Report


def diagnose(
    run: Annotated[str, typer.Argument(help="A run's folder or compacted file, or its name.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for a script.")] = False,
) -> int:
    """Say what rules found wrong with the training of a run, finished or under way.

    The earliest cause comes first, under it what it brought about, then what may be meant so. The
    exit code is 3 where there is an alarm.

    Example: vizframe diagnose runs/train
    """
    from vizframe import store
    from vizframe.diagnosis.report import Report
    from vizframe.history.ranks import all_findings
    from vizframe.reading.runs_folder import find_run

    history = store.open(find_run(run))
    try:
        report = Report.of(all_findings(history))
        last = max(history.steps, default=0)
    finally:
        history.close()
    if as_json:
        _print_json(report, last)
    else:
        _print(report, last)
    return 3 if report.main is not None else 0


def _print_json(report: Report, last: int) -> None:
    import json

    said = {
        "last_step": last,
        "main": None if report.main is None else report.main.model_dump(mode="json"),
        "consequences": [each.model_dump(mode="json") for each in report.consequences],
        "notes": [each.model_dump(mode="json") for each in report.notes],
    }
    print(json.dumps(said, indent=2, ensure_ascii=False))


def _print(report: Report, last: int) -> None:
    from rich.console import Console

    from vizframe import wording
    from vizframe.diagnosis.report import sentences

    console = Console(highlight=False, markup=False)

    def say(text: str) -> None:
        console.print(wording.plain(text), soft_wrap=True)

    if report.main is None:
        say(f"no alarm up to step {last}")
    else:
        for line in sentences(report.main):
            say(line)
    if report.consequences:
        say("what follows from it, most likely:")
    for each in report.consequences:
        say(f"  {sentences(each)[0]}")
    for each in report.notes:
        first, *rest = sentences(each)
        say(first)
        for line in rest:
            say(f"  {line}")
