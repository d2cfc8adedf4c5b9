"""Runs as a recording leaves them, made in milliseconds: for tests, notebooks and the web app.

    run = fake_run(steps=range(0, 200, 10))           in memory
    fill(store_writer, steps=range(0, 200, 10))       into any store

They hold every kind of series: maps of every probe image, pictures in grey and colour, signed
kernels, bars, a picture that lies over the probe; numbers with gaps; a dead unit, a tile with NaN
and a failure. The same arguments give the same run, bit by bit.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypedDict, Unpack

import numpy as np

from vizframe.history import (
    Declaration,
    Failure,
    HistoryWriter,
    LayerInfo,
    RunInfo,
    SeriesKey,
    StepRecord,
)
from vizframe.history.memory import MemoryRun
from vizframe.network import FloatArray
from vizframe.network.probe import Probe
from vizframe.plugin.frame import Draw, Encoding, Frame, tile_axes
from vizframe.testing.patterns import Drift

STEPS = range(0, 200, 10)
PROBE = 4
DEAD_UNIT = 3
NAN_UNIT = 1
CREATED = 1_790_000_000.0

LAYERS = (
    LayerInfo(
        name="conv0",
        operator="Convolution",
        kind="convolution",
        axes=("unit", "y", "x"),
        shape=(8, 24, 24),
        units=8,
        parameters={"weight": (8, 3, 5, 5), "bias": (8,)},
        inputs=("data",),
        field_size=(5, 5),
        field_stride=(1, 1),
    ),
    LayerInfo(
        name="features.conv1",
        operator="Convolution",
        kind="convolution",
        axes=("unit", "y", "x"),
        shape=(16, 12, 12),
        units=16,
        parameters={"weight": (16, 8, 3, 3), "bias": (16,)},
        inputs=("conv0",),
        field_size=(10, 10),
        field_stride=(2, 2),
    ),
    LayerInfo(
        name="dense0",
        operator="FullyConnected",
        kind="dense",
        axes=("unit",),
        shape=(10,),
        units=10,
        parameters={"weight": (10, 2304), "bias": (10,)},
        inputs=("features.conv1",),
    ),
)


def fake_info(name: str = "fake", layers: Sequence[LayerInfo] = LAYERS) -> RunInfo:
    return RunInfo(
        id="00000000-0000-4000-8000-000000000000",
        name=name,
        created=CREATED,
        command=("train.py", "--fake"),
        host="nowhere",
        versions={"vizframe": "test"},
        network="FakeNet",
        layers=tuple(layers),
        class_names=tuple(f"class {number}" for number in range(10)),
    )


def fake_probe(images: int = PROBE) -> Probe:
    """Colour images of 24 × 24 in [0, 1]."""
    pictures = Drift((images, 3, 24, 24), seed=7).pictures(0)
    labels = np.arange(images, dtype=np.int64) % 10
    return Probe(pictures, labels, tuple(f"image-{number}.png" for number in range(images)))


def fake_run(
    steps: Iterable[int] = STEPS, layers: Sequence[LayerInfo] = LAYERS, name: str = "fake"
) -> MemoryRun:
    """A filled run in memory."""
    run = MemoryRun(fake_info(name, layers), fake_probe())
    with run.writer() as writer:
        fill(writer, steps, layers)
    return run


def fill(
    writer: HistoryWriter, steps: Iterable[int] = STEPS, layers: Sequence[LayerInfo] = LAYERS
) -> None:
    """Commit one fake record per step. The writer stays open."""
    for record in records(steps, layers):
        writer.commit(record)


def records(
    steps: Iterable[int] = STEPS, layers: Sequence[LayerInfo] = LAYERS
) -> Iterator[StepRecord]:
    """What a recording of these layers would commit."""
    series = [each for number, layer in enumerate(layers) for each in _series(layer, number)]
    for count, step in enumerate(steps):
        yield StepRecord(
            step=step,
            frames=[(each.declaration, each.frame(step)) for each in series],
            scalars=_scalars(step, count),
            time=CREATED + 60.0 + 0.25 * step,
            epoch=step / 100,
            failures=_failures(step, count, layers),
        )


def _scalars(step: int, count: int) -> dict[str, float]:
    """Accuracy is known at every second step only."""
    loss = 0.2 + 2.1 * float(np.exp(-step / 80)) + 0.05 * float(np.sin(step))
    numbers = {"loss": loss, "learning_rate": 0.1 * 0.5 ** (step // 100)}
    if count % 2 == 0:
        numbers["accuracy"] = 1 - 0.9 * float(np.exp(-step / 60))
    return numbers


def _failures(step: int, count: int, layers: Sequence[LayerInfo]) -> Sequence[Failure]:
    if count != 2 or not layers:
        return ()
    sentence = f"{layers[-1].name} has no spatial axes; it can be a layer whose units are maps"
    return (Failure(step=step, label="deconvolution", layer=layers[-1].name, sentence=sentence),)


class Extra(TypedDict, total=False):
    """What a declaration may set beyond its key, axes and shape."""

    version: int
    title: str
    picture_help: str
    parameter_schema: dict[str, object]
    seed: int
    encoding: Encoding
    parameters: dict[str, object]
    signed: bool
    draw: Draw
    value_range: tuple[float, float] | None
    over: str | None
    columns: dict[str, int]
    column_help: dict[str, str]


@dataclass(frozen=True)
class FakeSeries:
    """A declaration, and the values of any step."""

    declaration: Declaration
    values: Callable[[int], FloatArray]
    notes: tuple[str, ...] = ()

    def frame(self, step: int) -> Frame:
        key, shape = self.declaration.key, self.declaration.tile_shape
        columns = {
            name: _curve(step, (*shape, length) if length else shape)
            for name, length in self.declaration.columns.items()
        }
        if "class" in columns:
            columns["class"] = np.floor(columns["class"])
        return Frame(key.layer, self.values(step), key.part, columns, self.notes)


def _curve(step: int, shape: tuple[int, ...]) -> FloatArray:
    """Numbers that grow along the last axis and over the steps, and level off."""
    numbers = np.arange(1, 1 + math.prod(shape), dtype=np.float32).reshape(shape)
    curve: FloatArray = np.sqrt(numbers) * np.float32(1 - np.exp(-(step + 1) / 60))
    return curve


def _series(layer: LayerInfo, number: int) -> list[FakeSeries]:
    """All that is recorded of a layer; its number seeds it and chooses grey or colour."""
    if len(layer.shape) < 3:
        return [_bars(layer, number), _heatmaps(layer, number)]
    return [
        _maps(layer, number),
        _kernels(layer, number),
        _ascent(layer, number, colour=number % 2 == 1),
        _deconvolution(layer, number),
        _patches(layer, number),
        _saliency(layer, number),
    ]


def _maps(layer: LayerInfo, seed: int) -> FakeSeries:
    """ReLU maps with a dead unit, and now and then a tile that has NaN."""
    drift = Drift((PROBE, *layer.shape), seed=100 + seed)

    def values(step: int) -> FloatArray:
        maps = drift.relu(step)
        maps[:, DEAD_UNIT : DEAD_UNIT + 1] = 0
        if step % 50 == 0:
            maps[-1, NAN_UNIT : NAN_UNIT + 1, :2, :2] = np.nan
        return maps

    key = SeriesKey(label="activation", layer=layer.name)
    notes = (f"unit {DEAD_UNIT} is dead on this probe",)
    return FakeSeries(declare(key, ("probe", "unit", "y", "x"), drift.shape), values, notes)


def _kernels(layer: LayerInfo, seed: int) -> FakeSeries:
    """Signed kernels that drift slowly."""
    drift = Drift(layer.parameters["weight"], seed=200 + seed, scale=1, period=4000)
    key = SeriesKey(label="weights", layer=layer.name)
    declaration = declare(key, ("unit", "input", "y", "x"), drift.shape, signed=True, draw="matrix")
    return FakeSeries(declaration, lambda step: drift.at(step) * np.float32(0.1))


def _ascent(layer: LayerInfo, seed: int, *, colour: bool) -> FakeSeries:
    """Pictures that gain contrast while the network learns; the dead unit's stays grey."""
    side = layer.shape[-1]
    shape = (layer.units, 3, side, side) if colour else (layer.units, side, side)
    drift = Drift(shape, seed=300 + seed)

    def values(step: int) -> FloatArray:
        pictures = drift.pictures(step, 0.05 + 0.2 * (1 - math.exp(-step / 60)))
        pictures[DEAD_UNIT : DEAD_UNIT + 1] = 0.5
        return np.moveaxis(pictures, 1, -1) if colour else pictures

    axes = ("unit", "y", "x", "channel") if colour else ("unit", "y", "x")
    declaration = declare(
        SeriesKey(label="gradient_ascent", layer=layer.name),
        axes,
        values(0).shape,
        draw="image",
        value_range=(0.0, 1.0),
        columns={"objective": 0, "converged": 0, "curve": 16},
        column_help={"objective": "The unit's activation on its picture."},
        parameters={"iterations": 100, "rate": 0.5},
    )
    return FakeSeries(declaration, values, (f"unit {DEAD_UNIT} did not start",))


def _deconvolution(layer: LayerInfo, seed: int) -> FakeSeries:
    """Signed colour pictures, one per unit."""
    drift = Drift((layer.units, 3, 9, 9), seed=400 + seed)
    declaration = declare(
        SeriesKey(label="deconvolution", layer=layer.name),
        ("unit", "y", "x", "channel"),
        (layer.units, 9, 9, 3),
        signed=True,
        columns={"activation": 0, "image": 0, "place": 2},
    )
    return FakeSeries(declaration, lambda step: np.moveaxis(drift.at(step), 1, -1))


def _patches(layer: LayerInfo, seed: int) -> FakeSeries:
    """The second picture of the same plugin: what of the probe caused the first."""
    drift = Drift((layer.units, 3, 9, 9), seed=500 + seed)
    declaration = declare(
        SeriesKey(label="deconvolution", layer=layer.name, part="patch"),
        ("unit", "y", "x", "channel"),
        (layer.units, 9, 9, 3),
        draw="image",
        value_range=(0.0, 1.0),
        title="strongest patch",
    )
    return FakeSeries(declaration, lambda step: np.moveaxis(drift.pictures(step), 1, -1))


def _saliency(layer: LayerInfo, seed: int) -> FakeSeries:
    """Signed, one per probe image, to be laid over it."""
    drift = Drift((PROBE, 24, 24), seed=600 + seed)
    key = SeriesKey(label="saliency", layer=layer.name)
    columns = {"class": 0, "score": 0}
    declaration = declare(
        key, ("probe", "y", "x"), drift.shape, signed=True, over="probe", columns=columns
    )
    return FakeSeries(declaration, drift.at)


def _bars(layer: LayerInfo, seed: int) -> FakeSeries:
    """One number per probe image and unit."""
    drift = Drift((PROBE, layer.units), seed=700 + seed)
    key = SeriesKey(label="activation", layer=layer.name)
    return FakeSeries(declare(key, ("probe", "unit"), drift.shape, draw="bar"), drift.at)


def _heatmaps(layer: LayerInfo, seed: int) -> FakeSeries:
    """A dense layer on pixels: one signed map per unit."""
    drift = Drift((layer.units, 16, 9), seed=800 + seed)
    key = SeriesKey(label="weights", layer=layer.name)
    declaration = declare(key, ("unit", "y", "x"), drift.shape, signed=True)
    return FakeSeries(declaration, drift.at)


def declare(
    key: SeriesKey, axes: tuple[str, ...], shape: tuple[int, ...], **more: Unpack[Extra]
) -> Declaration:
    """A declaration of frames of this shape, by a plugin of the label's name."""
    counted = len(tile_axes(axes))
    return Declaration(
        key=key,
        plugin=key.label,
        help=f"What {key.label} shows.",
        axes=axes,
        tile_shape=shape[:counted],
        picture_shape=shape[counted:],
        **more,
    )
