"""An album: one HTML file with the galleries of a run, for every probe image, and a slider.

It carries its pictures in itself and asks for nothing else, so it can be mailed, archived and
opened anywhere. Names from the run are text, never HTML.

    tiles ──► entries of a colour map, 0 … 255 ──► a sheet, grey ──► WebP ──► base64
                                                   (the page colours it, light or dark)

The sheets are compressed with loss (quality 75): a value is a few parts of 255 off. What has to be
exact is read from the run.
"""

from __future__ import annotations

import base64
import html
import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
import numpy.typing as npt
from PIL import Image

from vizframe.history import Declaration, History, SeriesKey, Tiles
from vizframe.images.colormap import lut, map_for
from vizframe.images.film import Look, history_limits, select_tiles
from vizframe.images.gallery import limits_of
from vizframe.images.limits import Limits
from vizframe.images.mark import Mark, marks
from vizframe.images.sheet import columns_for
from vizframe.images.tile_entries import tile_entries
from vizframe.plugin import Progress

QUALITY = 75
GAP = 1
MAPS = ("signed", "signed-dark", "perceptual", "grey")


def album(
    history: History, keys: Sequence[SeriesKey], steps: Sequence[int], look: Look, report: Progress
) -> str:
    """The whole page.

    Args:
        steps: at which pictures are shown, of each series those that it has.
        report: told of each series.
    """
    shown = []
    for number, key in enumerate(keys, 1):
        if history.declarations[key].is_empty:
            continue
        recorded = set(history.series_steps(key))
        shown.append(_series(history, key, [step for step in steps if step in recorded], look))
        report(number, len(keys), str(key))
    found = [each for each in shown if each.frames]
    used = sorted({step for each in found for step in each.steps})
    return _page(history, found, used)


@dataclass(frozen=True, slots=True, eq=False)
class _Series:
    """What the page is told of one series."""

    key: SeriesKey
    about: str
    steps: Sequence[int]
    frames: Sequence[Sequence[Mapping[str, object]]]
    told: Mapping[str, object]


def _series(history: History, key: SeriesKey, steps: Sequence[int], look: Look) -> _Series:
    declaration = history.declarations[key]
    by_image = {"probe", "unit"} <= set(declaration.tile_axes) and declaration.tile_axes[
        0
    ] == "probe"
    limits = history_limits(history, key, look) if look.scale == "history" else None
    whole = declaration.tile_shape + declaration.picture_shape
    kept, frames, grid = [], [], _Grid.of(declaration, by_image, look)
    for step in steps:
        tiles = history.tiles(key, step)
        if tiles.stored.shape != whole:  # the layer had another shape then
            continue
        picked = select_tiles(declaration, tiles, look)
        parts = (
            [picked.pick((image,)) for image in range(picked.low.shape[0])]
            if by_image
            else [picked]
        )
        kept.append(step)
        frames.append([_frame(declaration, part, limits, grid, look) for part in parts])
    told: dict[str, object] = {"title": str(key), "probes": len(frames[0]) if frames else 0}
    if declaration.picture_shape:
        told |= grid.told(declaration)
    else:
        ends = limits or _ends_of(frames)
        told |= {"bars": True, "low": float(ends.low), "high": float(ends.high)}
    return _Series(key, declaration.picture_help or declaration.help, kept, frames, told)


@dataclass(frozen=True, slots=True)
class _Grid:
    """How the tiles of a sheet lie."""

    count: int
    height: int
    width: int
    columns: int
    times: int

    @classmethod
    def of(cls, declaration: Declaration, by_image: bool, look: Look) -> _Grid:
        counts = [
            1
            if (axis == "unit" and look.unit is not None)
            else 1
            if (axis == "probe" and look.image is not None)
            else length
            for axis, length in zip(declaration.tile_axes, declaration.tile_shape, strict=True)
        ]
        count = math.prod(counts[1:] if by_image else counts)
        height, width = (
            (*declaration.picture_shape[:2], 1, 1)[:2] if declaration.picture_shape else (1, 1)
        )
        times = max(1, look.pixels // max(height, width))
        return cls(count, height, width, columns_for(count, height, width), times)

    def lay(self, pictures: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """Pictures (tile, y, x[, 3]) as one sheet, with a gap behind each."""
        rows = -(-self.count // self.columns)
        room = np.zeros(
            (rows * self.columns, self.height + GAP, self.width + GAP, *pictures.shape[3:]),
            np.uint8,
        )
        room[: self.count, : self.height, : self.width] = pictures
        room[: self.count, self.height :, : self.width] = pictures[:, -1:]  # a gap of the same
        room[: self.count, :, self.width :] = room[: self.count, :, self.width - 1 : self.width]
        tall = room.reshape(rows, self.columns, *room.shape[1:]).swapaxes(1, 2)
        return np.ascontiguousarray(
            tall.reshape(rows * room.shape[1], self.columns * room.shape[2], *room.shape[3:])
        )

    def told(self, declaration: Declaration) -> dict[str, object]:
        return {
            "map": _map_of(declaration),
            "count": self.count,
            "height": self.height,
            "width": self.width,
            "columns": self.columns,
            "times": self.times,
        }


def _map_of(declaration: Declaration) -> str | None:
    """The colour map of its tiles; None of pictures that have colours."""
    if len(declaration.picture_shape) == 3:
        return None
    if declaration.draw == "image" and not declaration.signed:
        return "grey"
    return map_for(declaration.signed)


def _frame(
    declaration: Declaration, tiles: Tiles, limits: Limits | None, grid: _Grid, look: Look
) -> dict[str, object]:
    """One sheet, or the values of bars."""
    if not declaration.picture_shape:
        values = tiles.values()
        known = np.isfinite(values) & (tiles.nonfinite == 0)
        rounded = [float(f"{each:.4g}") for each in values.ravel()]
        pairs = zip(rounded, known.ravel(), strict=True)
        return {"values": [each if sound else None for each, sound in pairs]}
    ends = limits or limits_of(declaration, tiles, "unit" if look.scale == "unit" else "layer")
    colour = len(declaration.picture_shape) == 3
    drawn = tile_entries(tiles, ends, colour=colour)
    picture = drawn.reshape(grid.count, grid.height, grid.width, *((3,) if colour else ()))
    found = marks(tiles).ravel()
    if not declaration.zero_is_dead or (declaration.draw == "image" and not declaration.signed):
        found[found == Mark.DEAD] = Mark.CONSTANT  # a black picture is a picture
    return {
        "data": _webp(grid.lay(picture)),
        "marks": [[int(tile), int(found[tile])] for tile in np.flatnonzero(found)],
    }


def _webp(sheet: npt.NDArray[np.uint8]) -> str:
    file = io.BytesIO()
    Image.fromarray(sheet).convert("RGB").save(file, "WEBP", quality=QUALITY, method=1)
    return base64.b64encode(file.getvalue()).decode()


def _ends_of(frames: Sequence[Sequence[Mapping[str, object]]]) -> Limits:
    """The range of all bars."""
    found = [
        each
        for frame in frames
        for part in frame
        for each in part["values"]  # type: ignore[attr-defined]  # a list, of bars
        if each is not None
    ]
    return Limits(np.float32(min(found, default=0)), np.float32(max(found, default=1)))  # type: ignore[arg-type]  # scalars


def _page(history: History, found: Sequence[_Series], steps: Sequence[int]) -> str:
    name, last = html.escape(history.info.name), max(0, len(steps) - 1)
    told = {
        "steps": list(steps),
        "series": [{**each.told, "steps": each.steps, "frames": each.frames} for each in found],
        "images": _image_names(history),
        "maps": {each: base64.b64encode(lut(each).tobytes()).decode() for each in MAPS},
    }
    data = json.dumps(told, separators=(",", ":")).replace("<", "\\u003c")
    options = "".join(
        f'<option value="{number}">{number}{html.escape(f": {words}" if words else "")}</option>'
        for number, words in enumerate(_image_names(history))
    )
    contents = "".join(
        f'<li><a href="#s{number}">{html.escape(str(each.key))}</a></li>'
        for number, each in enumerate(found)
    )
    sections = "".join(
        f'<section id="s{number}" data-series="{number}" aria-labelledby="h{number}">'
        f'<h2 id="h{number}">{html.escape(str(each.key))}</h2><p>{html.escape(each.about)}</p>'
        f'<canvas role="img" aria-label="{html.escape(str(each.key))}" hidden></canvas></section>\n'
        for number, each in enumerate(found)
    )
    return (
        f'<!doctype html>\n<html lang="en" data-theme="light"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{name}</title>'
        f"<style>{_read('album.css')}</style></head><body>\n"
        f'<header><h1>{name}</h1><label class="slide">step <input id="step" type="range" min="0" '
        f'max="{last}" value="{last}" aria-label="Training step"></label>'
        f'<output id="said" for="step"></output><button id="play" type="button">Play</button>'
        f'<label>steps/s <select id="rate"><option>2</option><option selected>8</option>'
        f"<option>30</option></select></label>"
        f'<label>probe image <select id="probe">{options}</select></label>'
        f'<button id="theme" type="button">Dark</button></header>\n'
        f'<div class="body"><nav aria-label="Contents"><ul>{contents}</ul></nav><main>\n{sections}'
        f'</main></div>\n<script type="application/json" id="run">{data}</script>\n'
        f"<script>{_read('album.js')}</script></body></html>\n"
    )


def _image_names(history: History) -> list[str]:
    """What is known of each probe image: its class, else its name."""
    probe = history.probe
    if probe is None:
        return [""]
    classes = history.info.class_names
    if probe.labels is not None:
        labels = [int(each) for each in probe.labels]
        return [classes[each] if 0 <= each < len(classes) else str(each) for each in labels]
    return [str(each) for each in probe.names] or [""] * len(probe)


@cache
def _read(name: str) -> str:
    return files("vizframe.images").joinpath("page", name).read_text(encoding="utf-8")
