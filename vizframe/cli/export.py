"""`vizframe export RUN`: a run as pictures, films or one page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer


def export(
    run: Annotated[str, typer.Argument(help="A run's folder, file or address, or its name.")],
    form: Annotated[
        Literal["png", "gif", "mp4", "webm", "html"],
        typer.Option("--as", help="A gallery per step, a film per series, or one page."),
    ] = "png",
    out: Annotated[Path, typer.Option(help="The folder to write to.")] = Path("export"),
    plugin: Annotated[
        str, typer.Option(help="Only these pictures, as in weights or 'saliency.*'.")
    ] = "*",
    layer: Annotated[str, typer.Option(help="Only these layers, as in 'conv*'.")] = "*",
    step: Annotated[
        int | None, typer.Option(min=0, help="Only the recorded step nearest to this (png).")
    ] = None,
    unit: Annotated[int | None, typer.Option(min=0, help="Only this unit.")] = None,
    probe: Annotated[int | None, typer.Option(min=0, help="Only this probe image.")] = None,
    scale: Annotated[
        Literal["unit", "layer", "history"],
        typer.Option(help="Colours stand for one range per unit, layer and step, or history."),
    ] = "history",
    pixels: Annotated[int, typer.Option(min=1, max=1024, help="The longer side of a tile.")] = 64,
    rate: Annotated[float, typer.Option(min=0.1, max=50, help="Steps per second of a film.")] = 8.0,
    dark: Annotated[bool, typer.Option("--dark", help="For a dark page.")] = False,
) -> None:
    """Write PNG galleries, a GIF, MP4 or WebM over training, or one HTML page.

    Example: vizframe export runs/mnist-lenet --as gif --plugin weights --unit 3
    """
    from vizframe.cli.progress_bar import bar
    from vizframe.images.film import Look
    from vizframe.reading.export import (
        chosen_series,
        export_gif,
        export_html,
        export_png,
        export_video,
        file_name,
        series,
        steps_of,
    )
    from vizframe.reading.run import open
    from vizframe.reading.runs_folder import find_run
    from vizframe.wording import count_noun

    look = Look(scale, pixels, dark, unit, probe)
    with open(run if "://" in run else find_run(run)) as opened, bar(f"writing {form}") as report:
        history = opened.history
        keys = chosen_series(history, series(history, plugin, layer), look)
        folder = out / file_name(history.info.name)
        if form == "html":
            page = folder.with_name(folder.name + ".html")
            print(export_html(history, keys, page, look, report))
            return
        if form == "gif":
            total, written = len(keys), export_gif(history, keys, folder, look, rate)
        elif form in ("mp4", "webm"):
            total, written = len(keys), export_video(history, keys, folder, look, rate, form)
        else:
            total = sum(len(steps_of(history, key, step)) for key in keys)
            written = export_png(history, keys, folder, look, step)
        for count, path in enumerate(written, 1):
            report(count, total, path.name)
        print(f"{count_noun(total, 'file')} in {folder}")
