"""`vizframe render`: make the pictures of a run whose weights were kept."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from vizframe.recording.config import Config
    from vizframe.recording.render import Rendering


def render(
    run: Annotated[str, typer.Argument(help="A run's folder, or its name in ./runs.")],
    plugins: Annotated[
        str | None, typer.Option(help="Which, in place of those that the recording asked for.")
    ] = None,
    layers: Annotated[str | None, typer.Option(help="Layer names or patterns, by comma.")] = None,
    sets: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="PLUGIN.PARAMETER=VALUE", help="Repeatable."),
    ] = None,
    follow: Annotated[
        bool, typer.Option("--follow", help="Wait for more snapshots until Ctrl-C.")
    ] = False,
    dask: Annotated[
        str | None, typer.Option(help="On a cluster: tcp://host:8786, or local:4 (processes).")
    ] = None,
) -> None:
    """Make the pictures of a run that was recorded with --defer, beside the training or later.

    They are those that would have been made while it trained. What is there already is not made
    again, so an interrupted rendering goes on.

    Example: vizframe record --defer -- train.py, and meanwhile: vizframe render train --follow

    Example: vizframe render runs/train --dask tcp://scheduler:8786
    """
    from vizframe.cli.progress_bar import bar
    from vizframe.errors import UsageError
    from vizframe.reading.runs_folder import find_run
    from vizframe.recording.cluster import Cluster
    from vizframe.recording.render import deferred
    from vizframe.wording import count_noun

    if follow and dask is not None:
        raise UsageError("--follow waits in one process; leave out --dask, or --follow")
    path = find_run(run)
    found = deferred(path, partial(_change, plugins, layers, sets or ()))
    if follow:
        _follow(found)
    elif dask is not None:
        cluster = Cluster.of(dask)
        count = sum(each.on(cluster, bar) for each in found)
        print(f"{count_noun(count, 'task')} done; {path} has all pictures of its snapshots")
    else:
        count = sum(each.here(bar) for each in found)
        print(f"{count_noun(count, 'step')} rendered to {path}")


def _change(plugins: str | None, layers: str | None, sets: Sequence[str], asked: Config) -> Config:
    """What the recording asked for, with what is said now."""
    from vizframe.recording.config import config

    said = {"plugins": plugins, "layers": layers}
    known = {name: each for name, each in asked.model_dump().items() if said.get(name) is None}
    return config({**said, **known}, sets, folder=None)


def _follow(found: Sequence[Rendering]) -> None:
    from vizframe.cli.progress_bar import bar
    from vizframe.errors import UsageError
    from vizframe.recording.voice import say

    if len(found) != 1:
        raise UsageError("--follow renders one worker's snapshots; the run has those of several")
    say(f"waiting for snapshots of {found[0].run}  (Ctrl-C ends)")
    try:
        found[0].here(bar, found[0].kept_steps)
    except KeyboardInterrupt:
        print(f"\nEnded. Look with: vizframe serve {found[0].run.parent}")
