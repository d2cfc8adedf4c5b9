"""What a run says of itself, read: ``run.json`` and ``probe.h5``."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import ValidationError

from vizframe.errors import HistoryError, UsageError
from vizframe.history import RunInfo
from vizframe.network.call import Call
from vizframe.network.probe import Normalization, Probe
from vizframe.store.format.call import read_call
from vizframe.store.format.layout import NONSENSE
from vizframe.store.format.names import PROBE_FILE, RUN_FILE
from vizframe.store.format.source import Source, VerifiedParts, damage_error, open_source

LARGEST_INFO = 1 << 26
"""Bytes of a ``run.json`` that are read at most."""


IDENTIFIED = "identified"
"""A key of ``run.json``: whether each file of the run says the run's id."""


def read_info(run: Path) -> RunInfo:
    """Raises HistoryError where there is none, or where it is something else."""
    try:
        return RunInfo.model_validate_json(read_info_text(run))
    except ValidationError as bad:
        reason = bad.errors()[0]
        where = ".".join(map(str, reason["loc"])) or "its text"
        path = run / RUN_FILE
        raise HistoryError(f"{path} does not describe a run: {where}: {reason['msg']}") from bad


def read_info_text(run: Path) -> bytes:
    """What ``run.json`` says. Raises HistoryError where it cannot be read."""
    path = run / RUN_FILE
    try:
        return _small_file(path)
    except FileNotFoundError as missing:
        raise HistoryError(f"{run} is no run: it has no {RUN_FILE}") from missing
    except NotADirectoryError as other:
        raise HistoryError(f"{run} is no run: it is neither a folder nor a file") from other
    except OSError as refused:
        raise HistoryError(f"{path} cannot be read: {refused.strerror or refused}") from refused


def _small_file(path: Path) -> bytes:
    """A regular file's bytes; a FIFO is never waited for."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW)
    with os.fdopen(fd, "rb") as file:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise OSError("it is not a regular file")
        return file.read(LARGEST_INFO)


def read_probe(run: Path) -> Probe | None:
    """The probe, or None where the run has none.

    Raises:
        DamagedSegment: the file is not sound.
    """
    path = run / PROBE_FILE
    if not path.exists():
        return None
    with open_source(path) as source:
        return load_probe(source)


def load_probe(source: Source) -> Probe | None:
    """The probe in a file of its own, or in a compacted run; None where that has none."""
    vouched = VerifiedParts(source)
    if "about" not in vouched:
        return None
    parts = {name: vouched.part(name) for name in ("about", "shape", "images")}
    labels = vouched.part("labels") if "labels" in vouched else None
    written = vouched.part("text") if "text" in vouched else b"{}"
    try:
        about, text = json.loads(parts["about"]), json.loads(written)
        images = np.frombuffer(parts["images"], "<f4")
        images = images.reshape(np.frombuffer(parts["shape"], "<i8"))
        return Probe(
            images,
            None if labels is None else np.frombuffer(labels, "<i8"),
            tuple(map(str, about["names"])),
            _normalization(about["normalization"], images),
            read_call(about["call"], vouched.part) if "call" in about else Call(),
            tuple(tuple(map(str, each)) for each in text.get("tokens", ())),
            tuple(map(str, text.get("vocabulary", ()))),
        )
    except (*NONSENSE, UsageError) as bad:
        raise damage_error(source, f"it holds no probe ({type(bad).__name__})") from bad


def _normalization(said: Mapping[str, Any], images: npt.NDArray[np.float32]) -> Normalization:
    """What was said of these images. Raises one of `NONSENSE` where it does not fit them."""
    mean, std = (tuple(map(float, said[name])) for name in ("mean", "std"))
    if images.ndim == 4 and not {len(mean), len(std)} <= {1, images.shape[1]}:
        raise ValueError("it has other channels than the images")
    return Normalization(mean, std, float(said["low"]), float(said["high"]))
