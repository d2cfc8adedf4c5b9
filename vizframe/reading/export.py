"""Exporting: a run as files that need no vizframe to be seen.

PNG     a gallery per series and step            NAME/KIND/LAYER/step-00000400.png
GIF     a gallery or unit over the training      NAME/KIND/LAYER.gif
MP4     likewise, or WebM                        NAME/KIND/LAYER.mp4
HTML    all series with a slider, in one file    NAME.html
"""

from __future__ import annotations

import fnmatch
import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from vizframe.errors import HistoryError
from vizframe.history import History, SeriesKey
from vizframe.history.lookup import find_series
from vizframe.images.album import album
from vizframe.images.film import Look, film
from vizframe.images.gif import gif
from vizframe.images.png import png
from vizframe.images.video import Form, check_installed, video
from vizframe.plugin import Progress, ignore_progress

ALBUM_STEPS = 60
"""A page with more pictures per series than this is too heavy to open; they are spread evenly."""


def series(history: History, kind: str = "*", layer: str = "*") -> list[SeriesKey]:
    """The series that two patterns name: ``weights`` or ``saliency.*``, and a layer.

    Raises:
        UnknownName: a pattern names none.
        HistoryError: the run is empty.
    """
    if not history.declarations:
        raise HistoryError(f"the run {history.info.name} has no step yet; record one first")
    return find_series(history, kind, layer, fnmatch.fnmatchcase)


def chosen_series(history: History, keys: Sequence[SeriesKey], look: Look) -> Sequence[SeriesKey]:
    """The series that have the unit and the probe image that are asked for; all, where none has
    both, so that the error of each says why."""
    wanted = [
        (axis, at) for axis, at in (("unit", look.unit), ("probe", look.image)) if at is not None
    ]
    found = [key for key in keys if all(_has(history, key, *each) for each in wanted)]
    return found or keys


def _has(history: History, key: SeriesKey, axis: str, at: int) -> bool:
    declaration = history.declarations[key]
    sizes = dict(zip(declaration.tile_axes, declaration.tile_shape, strict=True))
    return at < sizes.get(axis, 0)


def steps_of(history: History, key: SeriesKey, step: int | None = None) -> list[int]:
    """All recorded steps of the series, or the nearest to ``step``."""
    recorded = list(history.series_steps(key))
    if step is None or not recorded:
        return recorded
    return [min(recorded, key=lambda each: abs(each - step))]


def export_png(
    history: History, keys: Iterable[SeriesKey], folder: Path, look: Look, step: int | None = None
) -> Iterator[Path]:
    """Write each gallery as it is asked for, and give the files' paths."""
    for key in keys:
        steps = steps_of(history, key, step)
        for each, picture in film(history, key, steps, look):
            path = _inside(folder, key) / f"step-{each:08d}.png"
            yield write(path, png(picture))


def export_gif(
    history: History, keys: Iterable[SeriesKey], folder: Path, look: Look, rate: float = 8.0
) -> Iterator[Path]:
    """Write a looping film per series, ``rate`` steps a second, the last step for a second."""
    for key in keys:
        steps = steps_of(history, key)
        pictures = (picture for _, picture in film(history, key, steps, look))
        data = gif(pictures, each=1000 / rate, last=1000.0)
        path = _inside(folder, key)
        yield write(path.with_name(path.name + ".gif"), data)


def export_video(
    history: History,
    keys: Iterable[SeriesKey],
    folder: Path,
    look: Look,
    rate: float = 8.0,
    form: Form = "mp4",
) -> Iterator[Path]:
    """Write a film per series, ``rate`` steps a second, as MP4 or WebM.

    Raises:
        MissingExtra: imageio-ffmpeg is not installed.
    """
    check_installed()
    for key in keys:
        steps = steps_of(history, key)
        data = video((picture for _, picture in film(history, key, steps, look)), rate, form)
        path = _inside(folder, key)
        yield write(path.with_name(f"{path.name}.{form}"), data)


def export_html(
    history: History,
    keys: Sequence[SeriesKey],
    path: Path,
    look: Look,
    progress: Progress = ignore_progress,
) -> Path:
    """Write one page with all these series, for all probe images unless the look asks for one."""
    recorded = sorted({step for key in keys for step in history.series_steps(key)})
    page = album(history, keys, _spread(recorded), look, progress)
    return write(path, page.encode())


def write(path: Path, data: bytes) -> Path:
    """Write the whole file or nothing of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(data)
    os.chmod(file.name, 0o644)
    os.replace(file.name, path)
    return path


def _spread(steps: list[int]) -> list[int]:
    if len(steps) <= ALBUM_STEPS:
        return steps
    places = np.linspace(0, len(steps) - 1, ALBUM_STEPS).round().astype(int)
    return [steps[place] for place in places]


def _inside(folder: Path, key: SeriesKey) -> Path:
    """The path of a series' files; no name in a run can lead out of the folder."""
    return folder / file_name(key.kind) / file_name(key.layer)


def file_name(name: str) -> str:
    """The name as one that every file system takes, and that leads nowhere else."""
    safe = re.sub(r"[^\w.=+-]", "_", name)[:120]
    return safe if safe.strip(".") else f"_{safe}"
