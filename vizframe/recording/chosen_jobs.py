"""Which jobs a recording has: those that its options ask for, and what keeps weights with them."""

from __future__ import annotations

from pathlib import Path

from vizframe.network.adapter import Adapter
from vizframe.recording.budget import share_of
from vizframe.recording.config import Config
from vizframe.recording.jobs import Job, jobs
from vizframe.recording.newest import newest_jobs
from vizframe.recording.snapshots import snapshot_job


def chosen_jobs(
    model: object, adapter: Adapter, run: object, chosen: Config, rank: int = 0
) -> list[Job]:
    """The jobs of a recorder, those that need many passes last where it has a budget.

    Args:
        run: the run's folder, beside whose steps the newest weights are kept; or a function that
            opens a writer.
        rank: which worker of a distributed training records.

    Raises:
        UsageError, UnknownName, PluginError: as `jobs` does.
        NetworkError: the weights alone are to be kept, which networks of this framework cannot.
    """
    wanted = jobs(chosen.plugins, chosen.set)
    if chosen.defer:
        wanted = [snapshot_job(model, run, chosen, rank)]
    elif wanted and isinstance(run, str | Path):
        wanted += newest_jobs(adapter, Path(run).absolute(), chosen, rank)
    limited = share_of(chosen.budget) is not None
    return sorted(wanted, key=lambda each: limited and each.is_slow)
