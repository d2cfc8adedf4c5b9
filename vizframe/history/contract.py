"""What a history is: the frames of a run over its training steps, and how they go in and come out.

    HistoryWriter.commit(StepRecord)  ══►  run  ══►  History.tiles / strip / scalars

`vizframe.store` keeps it in HDF5; `vizframe.history.memory` in memory. Both pass
`vizframe.testing.HistoryContract`. The web app knows only this file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, Self, runtime_checkable

import numpy as np
import numpy.typing as npt

from vizframe.history.declaration import Declaration, RunInfo, SeriesKey
from vizframe.history.finding import Failure, Finding
from vizframe.history.tiles import Tiles
from vizframe.network import FloatArray
from vizframe.network.probe import Probe
from vizframe.plugin.frame import Frame


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
