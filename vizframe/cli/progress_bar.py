"""A progress bar on standard error, where somebody can see it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, ProgressColumn, Task, TimeRemainingColumn
from rich.progress import Progress as Drawn
from rich.text import Text

from vizframe.plugin import Progress, ignore_progress
from vizframe.recording.voice import is_terminal


class Rate(ProgressColumn):
    """How many a second."""

    def render(self, task: Task) -> Text:
        return Text("" if task.speed is None else f"{task.speed:.3g}/s")


@contextmanager
def bar(what: str) -> Iterator[Progress]:
    """A report that draws a bar with a rate while the block runs; nothing without a terminal.

    >>> with bar("checking files") as progress:
    ...     progress(1, 3, "main-….h5")
    """
    if not is_terminal():
        yield ignore_progress
        return
    columns = (
        "{task.description}",
        BarColumn(),
        MofNCompleteColumn(),
        Rate(),
        TimeRemainingColumn(),
    )
    with Drawn(*columns, console=Console(stderr=True), transient=True) as drawn:
        task = drawn.add_task(what, total=None)

        def report(done: int, total: int, _now: str) -> None:
            drawn.update(task, completed=done, total=total)

        yield report
