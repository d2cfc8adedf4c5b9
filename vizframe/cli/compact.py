"""`vizframe compact RUN`: rewrite a run as one tidy, compressed file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from vizframe.store import Compaction


def compact(
    run: Annotated[str, typer.Argument(help="A run's folder, or its name.")],
    to: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the whole run into this one file instead."),
    ] = None,
    compress: Annotated[
        bool, typer.Option(help="Compress; without it reading stays as fast as while recording.")
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for a script.")] = False,
) -> None:
    """Rewrite a run as one tidy, compressed file, at once or not at all.

    With --to the run stays as it is, and the new file holds all of it, probe included: to be sent,
    served over HTTP or S3, and read with vizframe.open.

    Example: vizframe compact runs/mnist-lenet --to mnist-lenet.h5
    """
    from vizframe import store
    from vizframe.cli.progress_bar import bar
    from vizframe.reading.runs_folder import find_run

    with bar("compacting") as progress:
        done = store.compact(find_run(run), to, compress=compress, progress=progress)
    if as_json:
        _print_json(done)
    else:
        _print(done)


def _print_json(done: Compaction) -> None:
    import json
    from dataclasses import asdict

    print(json.dumps({**asdict(done), "path": str(done.path)}, indent=2, ensure_ascii=False))


def _print(done: Compaction) -> None:
    from vizframe import wording

    steps, frames = wording.count_noun(done.steps, "step"), wording.count_noun(done.frames, "frame")
    sizes = f"{wording.size(done.bytes_before)} became {wording.size(done.bytes_after)}"
    print(wording.plain(f"{done.path}: {steps}, {frames}, {sizes}"))
    for sentence in done.left_out:
        print(wording.plain(f"left out: {sentence}"))
