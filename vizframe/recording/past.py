"""A run before its first step: where it lies, and what is known of it when it starts."""

from __future__ import annotations

import platform
import socket
import sys
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from itertools import count
from pathlib import Path

import numpy as np

from vizframe.errors import UsageError
from vizframe.history import LayerInfo, RunInfo
from vizframe.history.ranks import last_step_of
from vizframe.network import Network
from vizframe.network.adapter import frameworks
from vizframe.network.probe import Probe
from vizframe.reading.runs_folder import RUNS
from vizframe.recording.hyper_parameters import plain_values
from vizframe.recording.portion import Portion, portion_of

_PACKAGES = ("vizframe", "numpy", "h5py")


def make_run_folder(stem: str, runs: Path = RUNS) -> Path:
    """Make the first of ``runs/stem``, ``runs/stem-2``, … that does not exist, and give its path.

    Of many that ask at once, as a sweep does, each makes a folder of its own. Raises UsageError
    where none can be made there.
    """
    folder = runs.absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return _make_free(folder, stem)
    except OSError as error:
        raise UsageError(
            f"no run can be made in {str(folder)!r} ({error.strerror}); give a folder that can be "
            "written: --run FOLDER"
        ) from error


def _make_free(folder: Path, stem: str) -> Path:
    for number in count(1):
        path = folder / (stem if number == 1 else f"{stem}-{number}")
        try:
            path.mkdir()
        except FileExistsError:
            continue
        return path
    raise AssertionError("count() ended")


def new_run(
    name: str,
    network: Network,
    hyper_parameters: Mapping[str, object],
    *,
    group: str = "",
    job: str = "",
) -> RunInfo:
    """The `RunInfo` with which a run of this network starts."""
    return RunInfo(
        id=str(uuid.uuid4()),
        name=name,
        created=time.time(),
        command=tuple(sys.argv),
        host=socket.gethostname(),
        versions=_versions(),
        network=network.name,
        layers=tuple(LayerInfo.of(layer) for layer in network.layers),
        class_names=network.class_names or (),
        job=job,
        group=group,
        hyper_parameters=plain_values(hyper_parameters),
    )


def _versions() -> dict[str, str]:
    versions = {"python": platform.python_version()}
    used = [name for name in frameworks() if name in sys.modules]
    for package in (*_PACKAGES, *used):
        try:
            versions[package] = version(package)
        except PackageNotFoundError:  # a bare tree has no vizframe
            continue
    return versions


@dataclass(frozen=True, slots=True)
class Past:
    """What a run already holds, so that recording can go on after it."""

    last_step: int | None = None
    last_epoch: float | None = None
    probe: Probe | None = None
    layers: tuple[LayerInfo, ...] = ()
    labels: frozenset[str] = frozenset()
    """The plugins that have frames in it, by label."""
    portions: Mapping[str, Portion] = field(default_factory=dict)
    """How much of each of them it has."""

    def check_probe(self, probe: Probe, run: str) -> None:
        """Raises UsageError where the run's images were others."""
        if self.probe is not None and not np.array_equal(self.probe.images, probe.images):
            raise UsageError(
                f"the probe is not the one that run {run!r} was recorded with; leave it out to go "
                "on with that one, or record to another run"
            )

    def check_network(self, network: Network, run: str) -> None:
        """Raises UsageError where the run's layers were others: one run shows one network."""
        former = {layer.name: layer.shape for layer in self.layers}
        now = {layer.name: layer.shape for layer in network.layers}
        for name in {**former, **now} if self.layers else ():
            if former.get(name) != now.get(name):
                raise UsageError(
                    f"run {run!r} was recorded with another network: layer {name!r} was "
                    f"{_describe(former.get(name))} and is {_describe(now.get(name))}; "
                    "record to another run"
                )


def _describe(shape: tuple[int, ...] | None) -> str:
    return "missing" if shape is None else f"of shape {shape}"


def check_is_run(path: Path) -> None:
    """Raises UsageError where this is a file, or a folder that holds other things than a run."""
    from vizframe.store import is_passing

    if path.is_file() or (
        path.is_dir()
        and not (path / "run.json").exists()
        and not all(is_passing(each.name) for each in path.iterdir())
    ):
        raise UsageError(f"run is {str(path)!r}, which holds other things; it can be a new name")


def past_of(path: Path, rank: int | None = None) -> Past:
    """The past of the run in this folder; an empty one if there is none yet.

    Args:
        rank: of which worker, where several record; its steps alone count then.

    Raises:
        UsageError: the folder is not a run, and has other things in it.
        HistoryError: it is a run that cannot be read.
    """
    check_is_run(path)
    if not (path / "run.json").exists():
        return Past()
    from vizframe.store import open as open_history

    history = open_history(path)
    try:
        last = history.steps[-1] if history.steps else None
        if rank is not None:
            last = last_step_of(history, rank)
        told = history.scalars().epoch
        epoch = float(told[-1]) if len(told) and np.isfinite(told[-1]) else None
        labels = frozenset(key.label for key in history.declarations)
        units = {layer.name: layer.units for layer in history.info.layers}
        images = 0 if history.probe is None else len(history.probe)
        portions = {
            label: portion_of(
                (each for key, each in history.declarations.items() if key.label == label),
                units,
                images,
            )
            for label in labels
        }
        return Past(last, epoch, history.probe, history.info.layers, labels, portions)
    finally:
        history.close()
