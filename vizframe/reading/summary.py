"""What a run holds, in numbers and sentences: what `vizframe show` prints."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
from pydantic import BaseModel

from vizframe.history import Declaration, Failure, History, RunInfo, SeriesKey

ITEM_BYTES = {"uint8": 1, "float16": 2, "float32": 4}


class SeriesContent(BaseModel):
    """A series: what it is, and how much of it there is."""

    plugin: str
    """What ``vizframe.open(run)[plugin, layer]`` takes: the label, with the part if any."""
    layer: str
    title: str
    help: str
    axes: tuple[str, ...]
    shape: tuple[int, ...]
    encoding: str
    signed: bool
    columns: tuple[str, ...]
    parameters: dict[str, object]
    seed: int
    steps: int
    first: int | None
    last: int | None
    bytes: int
    """Of its tiles as they are stored while recording, all steps together."""

    @classmethod
    def of(cls, history: History, key: SeriesKey, declared: Declaration) -> SeriesContent:
        steps = history.series_steps(key)
        shape = declared.tile_shape + declared.picture_shape
        return cls(
            plugin=key.kind,
            layer=key.layer,
            title=declared.title,
            help=declared.picture_help or declared.help,
            axes=declared.axes,
            shape=shape,
            encoding=declared.encoding,
            signed=declared.signed,
            columns=tuple(declared.columns),
            parameters=declared.parameters,
            seed=declared.seed,
            steps=len(steps),
            first=min(steps, default=None),
            last=max(steps, default=None),
            bytes=math.prod(shape) * ITEM_BYTES[declared.encoding] * len(steps),
        )


class ScalarContent(BaseModel):
    """A number over the training; None where no finite one was reported."""

    name: str
    reports: int
    first: float | None
    last: float | None
    least: float | None
    most: float | None

    @classmethod
    def of(cls, name: str, values: Sequence[float]) -> ScalarContent:
        reported = [value for value in values if not math.isnan(value)]
        finite = [value for value in reported if math.isfinite(value)]
        return cls(
            name=name,
            reports=len(reported),
            first=finite[0] if finite else None,
            last=finite[-1] if finite else None,
            least=min(finite, default=None),
            most=max(finite, default=None),
        )


class ProbeContent(BaseModel):
    """The probe: how many images, of which shape, and what the network is given beside them.

    ``noun`` says what they are: image, text or sequence; ``tokens`` how many a text has.
    """

    images: int
    noun: str = "image"
    tokens: int = 0
    shape: tuple[int, ...]
    labelled: bool
    others: dict[str, str] = {}


class Content(BaseModel):
    """All of a run."""

    info: RunInfo
    beside: tuple[str, ...]
    """Runs of the same script that lie beside it, each with its network, such as a GAN's other."""
    bytes: int | None
    """On disk, all files together; None at an address."""
    steps: int
    first: int | None
    last: int | None
    seconds: float | None
    """From the first step's commit to the last one's."""
    newest: float | None
    """When the last step was committed, in seconds since 1970-01-01 UTC."""
    probe: ProbeContent | None
    series: tuple[SeriesContent, ...]
    scalars: tuple[ScalarContent, ...]
    failures: tuple[Failure, ...]
    faults: tuple[str, ...]

    @classmethod
    def of(cls, history: History, path: Path | None = None) -> Content:
        """The summary of what the history holds now, and where it lies."""
        steps, scalars = history.steps, history.scalars()
        times = scalars.time[np.isfinite(scalars.time)]
        return cls(
            info=history.info,
            beside=() if path is None else tuple(runs_beside(path, history.info)),
            bytes=None if path is None else disk_bytes(path),
            steps=len(steps),
            first=min(steps, default=None),
            last=max(steps, default=None),
            seconds=float(np.ptp(times)) if len(times) else None,
            newest=float(times.max()) if len(times) else None,
            probe=_probe(history),
            series=tuple(
                SeriesContent.of(history, key, declared)
                for key, declared in history.declarations.items()
            ),
            scalars=tuple(
                ScalarContent.of(name, values.tolist()) for name, values in scalars.values.items()
            ),
            failures=tuple(history.failures()),
            faults=tuple(history.faults()),
        )


def _probe(history: History) -> ProbeContent | None:
    probe = history.probe
    if probe is None:
        return None
    return ProbeContent(
        images=len(probe),
        noun=probe.noun,
        tokens=max(map(len, probe.tokens), default=0),
        shape=probe.images.shape[1:],
        labelled=probe.labels is not None,
        others={name: str(other) for name, other in probe.call.others.items()},
    )


def runs_beside(path: Path, info: RunInfo) -> Iterator[str]:
    """The other runs of the folder that are of this run's group, each with its network."""
    for file in sorted(path.resolve().parent.glob("*/run.json")) if info.group else ():
        with suppress(OSError, ValueError):  # one that is being written, or is no run of ours
            other = RunInfo.model_validate_json(file.read_text())
            if other.group == info.group and other.id != info.id:
                yield f"{file.parent.name} ({other.network})"


def disk_bytes(path: Path) -> int:
    """The bytes of a file, or of all files of a folder; one that goes meanwhile counts nothing."""
    if path.is_file():
        return path.stat().st_size
    total = 0
    for each in path.iterdir():
        with suppress(FileNotFoundError):
            total += each.stat().st_size
    return total
