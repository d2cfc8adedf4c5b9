"""Which run a user means: a path, or the name of a run in ``./runs``."""

from __future__ import annotations

from pathlib import Path

from vizframe.errors import UnknownName

RUNS = Path("runs")
"""The runs directory when nobody names one."""


def find_run(given: str, runs: Path = RUNS) -> Path:
    """The path of a run (a folder or a compacted file).

    Args:
        given: a path, or a run's name in the runs directory.
        runs: that directory.

    Raises:
        UnknownName: it is neither; the sentence names the nearest runs.
    """
    for path in (Path(given), runs / given):
        if path.exists():
            return path
    raise UnknownName("run", given, known_runs(Path(given).parent, runs))


def known_runs(folder: Path, runs: Path = RUNS) -> list[str]:
    """What could have been given instead: the runs of that folder, and those in ``./runs``."""
    from vizframe.store import RunCatalog

    named = [run.name for run in RunCatalog(runs).runs()]
    beside = [str(folder / run.name) for run in RunCatalog(folder).runs()] if folder.name else []
    return [*named, *beside]
