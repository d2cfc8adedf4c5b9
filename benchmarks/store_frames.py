"""What the store's benchmarks write, and how others write the same frames.

Pictures are smooth noise around mid-grey; maps are smooth noise behind a ReLU, 31 % of it not zero.
Both drift from step to step: neighbouring steps are correlated by 0.998.
"""

from __future__ import annotations

import io
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
from PIL import Image

from vizframe.history import Declaration, SeriesKey, StepRecord
from vizframe.history.encoding import encode_frame
from vizframe.plugin.frame import Frame
from vizframe.testing.patterns import Drift
from vizframe.testing.runs import declare

Kind = Literal["pictures", "maps"]
Bytes = npt.NDArray[np.uint8]

GRID = 8
"""Pictures per row of TensorBoard's ``add_images``."""


@dataclass(frozen=True)
class Load:
    """Frames of several layers at several steps.

    Attributes:
        declarations: one per layer.
        steps: for each step the layers' values, float32.
    """

    declarations: Sequence[Declaration]
    steps: Sequence[Sequence[npt.NDArray[np.float32]]]

    def record(self, step: int, *, quantised: bool = False) -> StepRecord:
        """What is committed at a step; ``quantised``: as uint8 already, as a plugin may give it."""
        values: Sequence[npt.NDArray[np.float32] | Bytes] = self.steps[step % len(self.steps)]
        if quantised:
            values = self.bytes(step)
        frames = [
            (declared, Frame(declared.key.layer, each))
            for declared, each in zip(self.declarations, values, strict=True)
        ]
        return StepRecord(step=step, frames=frames, scalars={"loss": 1.0}, time=time.time())

    def bytes(self, step: int) -> list[Bytes]:
        """The same as stored: what all others are given to write."""
        return self._quantised[step % len(self.steps)]

    @cached_property
    def _quantised(self) -> list[list[Bytes]]:
        return [
            [
                encode_frame(declared, Frame(declared.key.layer, each)).stored.astype(np.uint8)
                for declared, each in zip(self.declarations, step, strict=True)
            ]
            for step in self.steps
        ]

    @property
    def step_bytes(self) -> int:
        return sum(each.nbytes for each in self.bytes(0))


def load(
    kind: Kind,
    layers: int,
    units: int,
    side: int,
    steps: int,
    *,
    every: int = 10,
    channels: int = 3,
) -> Load:
    """Frames of (unit, y, x[, channel]).

    Args:
        kind: colour pictures of a fixed range, or ReLU maps of their own ranges.
        layers: how many series.
        units: tiles per layer.
        side: pixels.
        steps: how many different steps to make.
        every: training steps between them.
        channels: of pictures.
    """
    drifts = [Drift((units, channels, side, side), seed=n, scale=2.0) for n in range(layers)]
    if kind == "maps":
        drifts = [Drift((units, side, side), seed=n, scale=1.5) for n in range(layers)]
    values = [[_frame(kind, drift, every * step) for drift in drifts] for step in range(steps)]
    return Load([_declaration(kind, n, each) for n, each in enumerate(values[0])], values)


def _frame(kind: Kind, drift: Drift, step: int) -> npt.NDArray[np.float32]:
    if kind == "maps":
        return drift.relu(step)
    pictures = np.moveaxis(drift.pictures(step), 1, -1)
    return np.ascontiguousarray(pictures if pictures.shape[-1] > 1 else pictures[..., 0])


def _declaration(kind: Kind, number: int, values: npt.NDArray[np.float32]) -> Declaration:
    if kind == "maps":
        key = SeriesKey(label="activation", layer=f"conv{number}")
        return declare(key, ("unit", "y", "x"), values.shape)
    key = SeriesKey(label="gradient_ascent", layer=f"conv{number}")
    axes = ("unit", "y", "x", "channel")[: values.ndim]
    return declare(key, axes, values.shape, draw="image", value_range=(0.0, 1.0))


class RawMemmap:
    """The least there is to do: copy the bytes into one mapped file."""

    def __init__(self, path: Path, load: Load, steps: int) -> None:
        self._load = load
        self._file = np.memmap(path, np.uint8, "w+", shape=(steps, load.step_bytes))

    def write(self, step: int) -> None:
        row, at = self._file[step], 0
        for each in self._load.bytes(step):
            row[at : at + each.nbytes] = each.reshape(-1)
            at += each.nbytes

    def flush(self, step: int) -> None:
        """Write, and wait for the disk."""
        self.write(step)
        self._file.flush()


class TensorBoard:
    """An event file with one image per layer and step, as ``add_images`` of
    ``torch.utils.tensorboard`` writes it: a grid of eight per row, as PNG."""

    def __init__(self, folder: Path, load: Load) -> None:
        from tensorboard.summary.writer.event_file_writer import EventFileWriter

        self._load = load
        self._writer = EventFileWriter(str(folder))

    def write(self, step: int) -> None:
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.compat.proto.summary_pb2 import Summary

        for number, tiles in enumerate(self._load.bytes(step)):
            picture = grid(tiles)
            height, width = picture.shape[:2]
            image = Summary.Image(
                height=height, width=width, colorspace=3, encoded_image_string=png(picture)
            )
            value = Summary.Value(tag=f"conv{number}", image=image)
            event = Event(step=step, wall_time=time.time(), summary=Summary(value=[value]))
            self._writer.add_event(event)
        self._writer.flush()

    def close(self) -> None:
        self._writer.close()


class PngFiles:
    """One PNG file per layer and step: the same grid."""

    def __init__(self, folder: Path, load: Load) -> None:
        self._folder = folder
        self._load = load

    def write(self, step: int) -> None:
        for number, tiles in enumerate(self._load.bytes(step)):
            (self._folder / f"conv{number}-{step:06}.png").write_bytes(png(grid(tiles)))


def grid(tiles: Bytes) -> Bytes:
    """Tiles (unit, y, x[, channel]) as one picture, eight per row; grey tiles stay grey."""
    rows = -(-len(tiles) // GRID)
    height, width, *channel = tiles.shape[1:]
    padded = np.zeros((rows * GRID, *tiles.shape[1:]), np.uint8)
    padded[: len(tiles)] = tiles
    split = padded.reshape(rows, GRID, height, width, *channel)
    return split.swapaxes(1, 2).reshape(rows * height, GRID * width, *channel)


def png(picture: Bytes) -> bytes:
    """As torch's TensorBoard writer encodes it: Pillow's defaults."""
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG")
    return file.getvalue()


def folder_bytes(folder: Path) -> int:
    """Of all files below."""
    return sum(each.stat().st_size for each in folder.rglob("*") if each.is_file())
