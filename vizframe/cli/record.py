"""`vizframe record`: run a training script, unmodified, and record it."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from vizframe.recording.config import Config
    from vizframe.recording.from_checkpoints import Rendering
    from vizframe.recording.script import Script

log = logging.getLogger("vizframe")


def record(
    words: Annotated[
        list[str] | None, typer.Argument(metavar="-- SCRIPT …", help="train.py or -m module.")
    ] = None,
    every: Annotated[
        str | None, typer.Option(help="When: 100 (steps), '2 epochs', '30 s', 'log'.")
    ] = None,
    plugins: Annotated[
        str | None, typer.Option(help="Which: names, label=name, folders, files, or 'all'.")
    ] = None,
    layers: Annotated[str | None, typer.Option(help="Layer names or patterns, by comma.")] = None,
    net: Annotated[
        str | None, typer.Option(help="Which of several nets, by class, name or pattern; else all.")
    ] = None,
    probe: Annotated[
        str | None, typer.Option(help="A folder of images, or a text.txt; else the 1st batch.")
    ] = None,
    vocab: Annotated[
        str | None,
        typer.Option(
            help="What a text's numbers say: pkg.module:attribute, file.py:chars, v.json."
        ),
    ] = None,
    classes: Annotated[
        str | None, typer.Option(help="A file with the classes' names, one a line.")
    ] = None,
    run: Annotated[str | None, typer.Option(help="The run's folder; else runs/SCRIPT.")] = None,
    budget: Annotated[
        str | None, typer.Option(help="How much slower, at most: '5%', 'none'.")
    ] = None,
    plugin_timeout: Annotated[
        float | None,
        typer.Option(help="Seconds after which a plugin that does not end is interrupted."),
    ] = None,
    strict: Annotated[
        bool | None, typer.Option("--strict", help="Stop when a plugin breaks.")
    ] = None,
    keep: Annotated[
        str | None, typer.Option(help="Which recordings stay: 'all', 5 (every 5th), 'log'.")
    ] = None,
    max_size: Annotated[
        str | None, typer.Option(help="What the run may take: '2GB'. Old steps are thinned.")
    ] = None,
    keep_weights: Annotated[
        str | None,
        typer.Option(help="The newest weights stay for What if, up to '500MB' (the default); 0."),
    ] = None,
    durable: Annotated[
        bool | None, typer.Option("--durable", help="Survive a power cut, too: fsync each step.")
    ] = None,
    memory: Annotated[
        str | None,
        typer.Option(help="What it may add to the training's memory: '500MB'. Else 1 GiB."),
    ] = None,
    vitals: Annotated[
        int | None, typer.Option(help="Updates between two looks at its health; 0: none. Else 10.")
    ] = None,
    stop_on: Annotated[
        str | None, typer.Option(help="Symptoms that end the training: 'nan,exploding', 'any'.")
    ] = None,
    units: Annotated[
        str | None, typer.Option(help="Of how many units of a layer, or 'all'; else as paid.")
    ] = None,
    sets: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="PLUGIN.PARAMETER=VALUE", help="Repeatable."),
    ] = None,
    defer: Annotated[
        bool | None, typer.Option("--defer", help="Keep the weights; vizframe render draws later.")
    ] = None,
    ranks: Annotated[
        str | None, typer.Option(help="Which workers record: 0 (the default), '0,2', 'all'.")
    ] = None,
    launch: Annotated[
        int | None, typer.Option(help="Start a scheduler, a server and so many workers here.")
    ] = None,
    checkpoints: Annotated[
        str | None,
        typer.Option(help="Instead of a script: 'ckpt-*.pt' or 'ckpt-*.params', each at its step."),
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="Makes their network: pkg.module:function, file.py:function.")
    ] = None,
    shape: Annotated[
        str | None, typer.Option(help="Of one input as an image: 3,224,224; 1,28,28 of 784 pixels.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what each plugin would cost; record nothing.")
    ] = False,
    follow: Annotated[
        bool, typer.Option("--follow", help="Wait for more checkpoints until Ctrl-C.")
    ] = False,
    dask: Annotated[
        str | None,
        typer.Option(help="Spread the checkpoints: tcp://host:8786, or local:4 (processes)."),
    ] = None,
) -> Callable[[], int | None] | None:
    """Run a training script, unmodified, and record what its filters learn.

    The script sees its own arguments; its output and exit code are as ever. The same options can
    stand in vizframe.toml. A run that exists is resumed after its last step. A dry run ends the
    script before its first update.

    Example: vizframe record --every 50 --plugins all -- train.py --lr 0.01

    Example, of a distributed training: vizframe record --launch 4 --ranks all -- train.py

    Or record the checkpoints that a training has left, or leaves while it runs elsewhere.

    Example: vizframe record --checkpoints 'ckpt-*.params' --model nets:lenet --probe images/
    --shape 1,28,28 --dask local:4
    """
    from vizframe.errors import UsageError
    from vizframe.recording.config import config, for_script
    from vizframe.recording.script import Script

    given = {
        "every": every,
        "plugins": plugins,
        "layers": layers,
        "net": net,
        "probe": probe,
        "vocab": vocab,
        "class_names": classes,
        "run": run,
        "budget": budget,
        "plugin_timeout": plugin_timeout,
        "strict": strict,
        "keep": keep,
        "max_size": max_size,
        "keep_weights": keep_weights,
        "durable": durable,
        "memory": memory,
        "units": units,
        "shape": shape,
        "ranks": ranks,
        "defer": defer,
        "vitals": vitals,
        "stop_on": stop_on,
    }
    rendering = _rendering(words, checkpoints, model, shape, follow)
    if dask is not None and (rendering is None or follow):
        raise UsageError("--dask is for --checkpoints that are all there, without --follow")
    script = None if rendering else Script.of(words or [])
    chosen = config(given, sets or (), folder=Path.cwd())
    if rendering and launch is not None:
        raise UsageError("--launch is for a script; checkpoints are spread with --dask")
    if rendering and "every" not in chosen.model_fields_set:
        chosen = chosen.model_copy(update={"every": 1})
    _check(chosen, tells_epochs=rendering is None)
    if script is not None:
        if launch is not None:
            if dry_run:
                raise UsageError("--dry-run is for one process; leave out --launch")
            return partial(_launch, launch, script, chosen)
        from vizframe.recording.autostart import record_script

        return partial(record_script, script, for_script(chosen), dry_run=dry_run)
    if rendering is not None and dry_run:
        _foretell(rendering, chosen)
    elif rendering is not None and dask is not None:
        _render_on(dask, rendering, chosen)
    elif rendering is not None:
        _render(rendering, chosen)
    return None


def _rendering(
    words: list[str] | None,
    checkpoints: str | None,
    model: str | None,
    shape: str | None,
    follow: bool,
) -> Rendering | None:
    """What the options of checkpoints mean together; None where there is none of them."""
    from vizframe.errors import UsageError
    from vizframe.network.loadable import shape_of
    from vizframe.recording.from_checkpoints import Rendering

    if checkpoints is None:
        if model or follow:
            raise UsageError("--model and --follow are for --checkpoints, which is missing")
        return None
    if words:
        raise UsageError(
            "a script and checkpoints cannot be recorded at once; leave one of them out"
        )
    if model is None:
        raise UsageError("checkpoints need their network: --model pkg.module:function")
    return Rendering(checkpoints, model, None if shape is None else shape_of(shape), follow)


def _check(chosen: Config, *, tells_epochs: bool) -> None:
    """Refuse, before the script runs, all that can be known to be wrong by then."""
    from vizframe.errors import UsageError
    from vizframe.network.adapter import check_installed
    from vizframe.recording.budget import share_of
    from vizframe.recording.jobs import jobs
    from vizframe.recording.portions import units_of
    from vizframe.recording.ranks import Ranks
    from vizframe.recording.schedule import Schedule
    from vizframe.store import Retention

    check_installed("recording")
    own = [job.schedule for job in jobs(chosen.plugins, chosen.set)]
    epochs = any(each and each.unit == "epochs" for each in (Schedule.of(chosen.every), *own))
    if epochs and not tells_epochs:
        raise UsageError(
            "every is in epochs, and checkpoints have steps; it can be a number of steps"
        )
    share_of(chosen.budget)
    units_of(chosen.units)
    Retention.of(chosen.keep)
    Ranks.of(chosen.ranks)


def _launch(workers: int, script: Script, chosen: Config) -> int:
    from vizframe.recording.launch import Launch, worker_command
    from vizframe.recording.past import make_run_folder

    launch = Launch(workers)
    made = None if chosen.run else make_run_folder(script.stem)
    try:
        return launch.run(worker_command(sys.argv, chosen.run or str(made), script))
    finally:
        if made is not None and not os.listdir(made):
            made.rmdir()


def _foretell(rendering: Rendering, chosen: Config) -> None:
    run = Path(chosen.run) if chosen.run else None
    print("\n".join(rendering.foretell(run, chosen)))


def _render(rendering: Rendering, chosen: Config) -> None:
    from vizframe.cli.progress_bar import bar
    from vizframe.recording.past import make_run_folder
    from vizframe.recording.voice import say, speak
    from vizframe.wording import count_noun

    speak()
    path = Path(chosen.run) if chosen.run else make_run_folder("checkpoints")
    if rendering.follow:
        say(f"waiting for {rendering.pattern}, recording to {path}  (Ctrl-C ends)")
    try:
        count = rendering.run(path, chosen, bar)
    except KeyboardInterrupt:
        if not rendering.follow:
            raise
        print(f"\nEnded. Look with: vizframe serve {path.parent}")
    else:
        print(f"{count_noun(count, 'checkpoint')} recorded to {path}")
    finally:
        with suppress(OSError):  # it is not empty, unless nothing could be recorded
            path.rmdir()


def _render_on(dask: str, rendering: Rendering, chosen: Config) -> None:
    from vizframe.cli.progress_bar import bar
    from vizframe.recording.cluster import Cluster
    from vizframe.recording.past import make_run_folder
    from vizframe.recording.spread import spread
    from vizframe.wording import count_noun

    cluster = Cluster.of(dask)
    path = Path(chosen.run) if chosen.run else make_run_folder("checkpoints")
    count = spread(rendering, path, chosen).on(cluster, bar)
    print(f"{count_noun(count, 'task')} done; the checkpoints are recorded to {path}")
