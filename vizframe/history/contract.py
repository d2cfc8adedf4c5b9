"""What a history is: the frames of a run over its training steps, and how they go in and come out.

    HistoryWriter.commit(StepRecord)  ══►  run  ══►  History.tiles / strip / scalars

`vizframe.store` keeps it in HDF5; `vizframe.history.memory` in memory. Both pass
`vizframe.testing.HistoryContract`. The web app knows only this file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, Self, TypeVar, runtime_checkable

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, model_validator

from vizframe.history.levels import FINITE_LEVELS, LEVELS, half_unit, not_finite
from vizframe.history.rank_names import ranked_kind
from vizframe.network import FloatArray
from vizframe.network.layer import Layer
from vizframe.network.probe import Probe
from vizframe.plugin.column import Role, former_roles
from vizframe.plugin.frame import Draw, Encoding, Frame, tile_axes

Where = int | slice | tuple[int | slice, ...]
"""Which tiles, along the axes that count them."""

Number = TypeVar("Number", bound=np.generic)


class SeriesKey(BaseModel):
    """Which series: the frames of one plugin (under its label), part and layer over all steps.

    The label is the plugin's name, unless a run uses one plugin twice under two labels. The rank is
    the worker's whose network it shows; 0 for a training of one process.
    Keys are hashable, and text in URLs: ``label[.part][@rank]`` and layer.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    label: str
    layer: str
    part: str = ""
    rank: int = 0

    @property
    def kind(self) -> str:
        """``label``, ``label.part`` or ``label@rank``: what the app's plugin menu chooses."""
        picture = f"{self.label}.{self.part}" if self.part else self.label
        return ranked_kind(picture, self.rank)

    def __str__(self) -> str:
        return f"{self.kind} of {self.layer}"


class Declaration(BaseModel):
    """All that is needed to show a series without the plugin that made it. Stored as JSON.

    ``tile_shape`` counts the tiles, along the axes that are not y, x or channel; ``picture_shape``
    is one tile: (y, x), (y, x, channel), or () for bars. What a newer vizframe says beyond this is
    ignored.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    key: SeriesKey
    plugin: str
    version: int = 1
    help: str = ""
    picture_help: str = ""
    title: str = ""
    parameters: dict[str, object] = {}
    parameter_schema: dict[str, object] = {}
    seed: int = 0
    axes: tuple[str, ...]
    tile_shape: tuple[int, ...]
    picture_shape: tuple[int, ...]
    signed: bool = False
    draw: Draw = "map"
    value_range: tuple[float, float] | None = None
    encoding: Encoding = "uint8"
    over: str | None = None
    zero_is_dead: bool = True
    columns: dict[str, int] = {}
    """Each column's trailing length; 0 for one number per tile."""
    column_help: dict[str, str] = {}
    """What a column's numbers say, a sentence each, for those that the plugin explains."""
    column_roles: dict[str, str] = {}
    """What the page does with a column, for those that are more than a number: see `Role`."""

    @model_validator(mode="before")
    @classmethod
    def _give_former_roles(cls, given: object) -> object:
        """A history of before there were roles knew the columns by their names."""
        if isinstance(given, dict) and "column_roles" not in given:
            columns = given.get("columns")
            if isinstance(columns, dict):
                return {**given, "column_roles": former_roles(map(str, columns))}
        return given

    @property
    def tile_axes(self) -> tuple[str, ...]:
        return tile_axes(self.axes)

    def columns_with_role(self, role: Role) -> tuple[str, ...]:
        """The columns that the page does this with."""
        return tuple(name for name in self.columns if self.column_roles.get(name) == role)


class LayerInfo(BaseModel):
    """A `Layer` as a run remembers it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str
    operator: str
    shape: tuple[int, ...]
    units: int
    parameters: dict[str, tuple[int, ...]] = {}
    inputs: tuple[str, ...] = ()
    field_size: tuple[int, int] | None = None
    field_stride: tuple[int, int] | None = None
    kind: str = "other"
    """One of `vizframe.network.KINDS`; ``other`` in runs that are older than these words."""
    axes: tuple[str, ...] = ()
    """What the axes of its output are called; empty in older runs, where units come first."""
    nonnegative: bool = False

    @classmethod
    def of(cls, layer: Layer) -> Self:
        receptive = layer.receptive_field
        return cls(
            name=layer.name,
            operator=layer.operator,
            shape=layer.shape,
            units=layer.units,
            parameters=dict(layer.parameters),
            inputs=layer.inputs,
            field_size=receptive.size if receptive else None,
            field_stride=receptive.stride if receptive else None,
            kind=layer.kind,
            axes=layer.axes,
            nonnegative=layer.nonnegative,
        )


class RunInfo(BaseModel):
    """What is known of a run when it starts; written once, as ``run.json``."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    """A UUID; a re-created run of the same name has another one."""
    name: str
    created: float
    """Seconds since 1970-01-01 UTC."""
    command: tuple[str, ...] = ()
    host: str = ""
    versions: dict[str, str] = {}
    network: str = ""
    layers: tuple[LayerInfo, ...] = ()
    class_names: tuple[str, ...] = ()
    job: str = ""
    """Where the workers of a distributed training met: what tells it from others at the time."""
    group: str = ""
    """What the runs of one script share, such as the two nets of a GAN; empty where it has one."""
    hyper_parameters: dict[str, object] = {}
    """What the run was trained with, as far as it was seen: optimiser, rates, batch size, seeds,
    the script's arguments. Values are those of JSON."""


class Failure(BaseModel):
    """A plugin that broke during training, as the history remembers it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    step: int
    label: str
    sentence: str
    layer: str = ""
    rank: int = 0


class Curve(BaseModel):
    """A number over steps: what made a rule speak. ``None`` stands for NaN and ±inf."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str
    steps: tuple[int, ...]
    values: tuple[float | None, ...]


class Finding(BaseModel):
    """What is wrong with the training, as the history remembers it: see `vizframe.diagnosis`."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    rule: str
    """Which rule found it."""
    symptom: str
    """The family: ``nan``, ``exploding``, ``dead_relu``, …."""
    severity: Literal["note", "alarm"]
    since: int
    """The step from which on it holds; 0 is before the first update."""
    step: int
    """The step at which it was noticed."""
    sentence: str
    """What is seen: layer, step, number and threshold."""
    cause: str = ""
    remedy: str = ""
    layers: tuple[str, ...] = ()
    units: dict[str, tuple[int, ...]] = {}
    """By layer, the units that are meant."""
    numbers: dict[str, float | None] = {}
    threshold: str = ""
    curve: Curve | None = None


@dataclass(frozen=True, slots=True, eq=False)
class StepRecord:
    """All that one step commits, at once or not at all.

    Attributes:
        step: optimiser updates done so far, ≥ 0, increasing within one writer.
        frames: each with its series' declaration. Shapes match the declaration.
        scalars: loss, metrics, learning rate, gradient norms, the recorder's own cost, ….
        time: seconds since 1970-01-01 UTC.
        epoch: where known, possibly fractional.
        failures: plugins that broke at this step.
        findings: what rules found at this step.
    """

    step: int
    frames: Sequence[tuple[Declaration, Frame]] = ()
    scalars: Mapping[str, float] = field(default_factory=dict)
    time: float = 0.0
    epoch: float | None = None
    failures: Sequence[Failure] = ()
    findings: Sequence[Finding] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Tiles:
    """Stored tiles with what turns them back into values.

    ``stored`` has shape (*counts, *picture_shape), all else has shape (*counts). ``missing`` marks
    tiles that are damaged on disk or were not recorded: zeros, to be shown so. ``nonfinite`` counts
    the values of each tile that are NaN or ±inf; (low, high) span the finite ones.

    =========  ===========================================================================
    stored     its values
    =========  ===========================================================================
    uint8      ``low + stored · (high − low) / 255``
    … coded    ``low + stored · (high − low) / 252``; 253, 254, 255 are −inf, NaN and +inf
    float16    ``stored``
    … coded    ``stored · unit``, a power of two of the tile: `vizframe.history.levels`
    float32    ``stored``
    =========  ===========================================================================

    Tiles that are not coded are what earlier versions wrote, and uint8 tiles of finite values.
    """

    stored: npt.NDArray[np.uint8] | npt.NDArray[np.float16] | npt.NDArray[np.float32]
    low: FloatArray
    high: FloatArray
    nonfinite: npt.NDArray[np.int32]
    missing: npt.NDArray[np.bool_]
    coded: npt.NDArray[np.bool_] = field(default_factory=lambda: np.zeros((), np.bool_))
    """Of each tile, or one for all."""

    def pick(self, where: Where) -> Tiles:
        """The tiles at indices of their counts."""
        return Tiles(
            stored=np.asarray(self.stored[where]),
            low=np.asarray(self.low[where]),
            high=np.asarray(self.high[where]),
            nonfinite=np.asarray(self.nonfinite[where]),
            missing=np.asarray(self.missing[where]),
            coded=np.asarray(np.broadcast_to(self.coded, self.low.shape)[where]),
        )

    def values(self) -> FloatArray:
        """The real values, float32, shape of ``stored``."""
        if self.stored.dtype == np.uint8:
            return self._of_levels()
        if self.stored.dtype == np.float16 and self.coded.any():
            unit = np.where(self.coded, half_unit(self.low, self.high), 1.0)
            counted: FloatArray = (self.stored * self._beside_pixels(unit)).astype(np.float32)
            return counted
        return self.stored.astype(np.float32)

    def _of_levels(self) -> FloatArray:
        span = self.high.astype(np.float64) - self.low
        exact = sufficient_dtype(span)
        levels = np.where(self.coded, FINITE_LEVELS, LEVELS) if self.coded.any() else LEVELS
        step = self._beside_pixels((span / levels).astype(exact))
        with np.errstate(over="ignore"):  # the levels beyond the finite ones, of huge tiles
            scaled = np.multiply(self.stored, step, dtype=exact)
            np.add(scaled, self._beside_pixels(self.low), out=scaled)
            values = np.asarray(scaled, np.float32)
        if self.coded.any():
            coded = self._beside_pixels(np.broadcast_to(self.coded, self.low.shape))
            not_finite(np.where(coded, self.stored, 0), values)
        return values

    def _beside_pixels(self, numbers: npt.NDArray[Number]) -> npt.NDArray[Number]:
        """One number per tile, to be combined with its pixels."""
        inner = (1,) * (self.stored.ndim - self.low.ndim)
        return numbers.reshape(numbers.shape + inner)


def sufficient_dtype(span: npt.NDArray[np.float64]) -> type[np.float32] | type[np.float64]:
    """What tiles of these ranges are quantised and restored in: float64 where 255 / range or the
    range itself leaves float32, as they do in exploding and vanishing networks."""
    ordinary = (span == 0) | ((span > 1e-35) & (span < 3e38))
    return np.float32 if ordinary.all() else np.float64


@dataclass(frozen=True, slots=True, eq=False)
class Scalars:
    """Numbers over steps: ``values[name][i]`` belongs to ``steps[i]``; NaN where not reported."""

    steps: npt.NDArray[np.int64]
    time: npt.NDArray[np.float64]
    epoch: npt.NDArray[np.float64]
    values: Mapping[str, npt.NDArray[np.float64]]


class HistoryWriter(Protocol):
    """The one way in. A writer is a context manager; leaving it closes it."""

    def commit(self, record: StepRecord) -> None:
        """Make the step complete and visible, or raise HistoryWriteError and leave no trace."""
        ...

    def close(self) -> None:
        """Idempotent."""
        ...

    def __enter__(self) -> Self: ...
    def __exit__(self, *exc: object) -> None: ...


@runtime_checkable
class History(Protocol):
    """The one way out: a union of all committed steps, which grows while it is read."""

    @property
    def info(self) -> RunInfo: ...
    @property
    def probe(self) -> Probe | None: ...
    @property
    def version(self) -> int:
        """Grows whenever `refresh` found something new."""
        ...

    def refresh(self) -> bool:
        """Look for new steps; whether there were any. Never raises for a damaged segment."""
        ...

    @property
    def steps(self) -> Sequence[int]:
        """All committed steps, increasing."""
        ...

    @property
    def declarations(self) -> Mapping[SeriesKey, Declaration]:
        """The newest declaration of each series, in the order of first appearance."""
        ...

    def series_steps(self, key: SeriesKey) -> Sequence[int]:
        """The steps at which the series has a frame. Raises UnknownName."""
        ...

    def tiles(self, key: SeriesKey, step: int, where: Sequence[int] = ()) -> Tiles:
        """The series at one recorded step. ``where`` fixes leading tile axes: ``(3,)`` of a
        (probe, unit) series gives all units of probe image 3."""
        ...

    def strip(self, key: SeriesKey, where: Sequence[int], steps: Sequence[int]) -> Tiles:
        """One tile over many recorded steps: ``stored`` has shape (steps, *picture_shape).
        ``where`` is the tile's full index."""
        ...

    def columns(self, key: SeriesKey, step: int) -> Mapping[str, FloatArray]:
        """The numbers beside the tiles, each (*tile_shape) or (*tile_shape, n)."""
        ...

    def notes(self, key: SeriesKey, step: int) -> Sequence[str]: ...
    def scalars(self) -> Scalars: ...
    def failures(self) -> Sequence[Failure]: ...
    def findings(self) -> Sequence[Finding]:
        """What rules found wrong with the training, in the order in which it was noticed."""
        ...

    def faults(self) -> Sequence[str]:
        """One sentence per part of the run that is not sound (damaged or foreign files)."""
        ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class RunSummary:
    """A line of the list of runs."""

    name: str
    """The run's folder, relative to the runs directory: what a URL and ``--run`` say."""
    info: RunInfo | None
    """None where ``run.json`` is missing or unreadable."""
    steps: int
    last_step: int | None
    last_time: float | None
    bytes: int
    fault: str | None = None


class Catalog(Protocol):
    """A runs directory, as the web app and the command line see it."""

    def runs(self) -> Sequence[RunSummary]:
        """Newest first. Cheap: no segment is opened."""
        ...

    def open(self, name: str) -> History:
        """Raises UnknownName with the nearest names, HistoryError for what is no run. The same
        History is given again while the run is the same."""
        ...
