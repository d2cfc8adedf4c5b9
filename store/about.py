"""What a run says of itself once, when it starts: ``run.json`` and ``probe.h5``."""

from __future__ import annotations

import itertools
import json
import os
import stat
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pydantic import ValidationError

from vizframe.errors import HistoryError, UsageError
from vizframe.history import RunInfo
from vizframe.probe import Normalization, Probe
from vizframe.store.checksum import crc32
from vizframe.store.disk import Disk
from vizframe.store.image import Image, np_bytes
from vizframe.store.layout import NONSENSE, Extent
from vizframe.store.names import PROBE_FILE, RUN_FILE, temporary
from vizframe.store.plan import BLOCK_COPY, put_block
from vizframe.store.publish import discard, refusal
from vizframe.store.skeleton import Dataset, lay_out
from vizframe.store.source import Source, Vouched, damaged, open_source

LARGEST_INFO = 1 << 26
"""Bytes of a ``run.json`` that are read at most."""

_numbers = itertools.count()


def write_info(disk: Disk, run: Path, info: RunInfo, *, durable: bool) -> None:
    """Write ``run.json`` unless there is one: a resumed run keeps the first."""
    text = info.model_dump_json(indent=1).encode()
    _write_once(disk, Image(len(text), [(0, text)]), run / RUN_FILE, durable)


def read_info(run: Path) -> RunInfo:
    """Raises HistoryError where there is none, or where it is something else."""
    path = run / RUN_FILE
    try:
        return RunInfo.model_validate_json(_small_file(path))
    except FileNotFoundError as missing:
        raise HistoryError(f"{run} is no run: it has no {RUN_FILE}") from missing
    except NotADirectoryError as other:
        raise HistoryError(f"{run} is no run: it is neither a folder nor a file") from other
    except OSError as refused:
        raise HistoryError(f"{path} cannot be read: {refused.strerror or refused}") from refused
    except ValidationError as bad:
        reason = bad.errors()[0]
        where = ".".join(map(str, reason["loc"])) or "its text"
        raise HistoryError(f"{path} does not describe a run: {where}: {reason['msg']}") from bad


def _small_file(path: Path) -> bytes:
    """A regular file's bytes; a FIFO is never waited for."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW)
    with os.fdopen(fd, "rb") as file:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise OSError("it is not a regular file")
        return file.read(LARGEST_INFO)


def probe_parts(probe: Probe) -> dict[str, npt.NDArray[np.generic]]:
    """The parts of ``probe.h5``."""
    normal = probe.normalization
    about = {
        "names": list(probe.names),
        "normalization": {
            "mean": normal.mean,
            "std": normal.std,
            "low": normal.low,
            "high": normal.high,
        },
    }
    parts: dict[str, npt.NDArray[np.generic]] = {
        "about": np.frombuffer(json.dumps(about).encode(), np.uint8),
        "shape": np.array(probe.images.shape, "<i8"),
        "images": np.ascontiguousarray(probe.images, "<f4"),
    }
    if probe.labels is not None:
        parts["labels"] = np.ascontiguousarray(probe.labels, "<i8")
    return parts


def write_probe(disk: Disk, run: Path, probe: Probe, *, durable: bool) -> None:
    """Write ``probe.h5`` unless there is one."""
    parts = probe_parts(probe)
    datasets = [Dataset(name, part.shape, part.dtype) for name, part in parts.items()]
    skeleton = lay_out([BLOCK_COPY, *datasets])
    image = skeleton.image()
    extents: dict[str, Extent] = {}
    for name, part in parts.items():
        data = np_bytes(part)
        extents[name] = Extent(skeleton.offsets[name], len(data), crc32(data))
        image.put(skeleton.offsets[name], data)
    put_block(image, skeleton, extents)
    _write_once(disk, image, run / PROBE_FILE, durable)


def _write_once(disk: Disk, image: Image, target: Path, durable: bool) -> None:
    """Publish by a link, which fails where there is a file: of two writers the first one wins."""
    if target.exists():
        return
    draft = temporary(target.parent, target.stem, next(_numbers))
    try:
        fd = disk.create(draft)
        try:
            disk.write(fd, list(image.buffers()), 0)
            if durable:
                disk.sync(fd)
        finally:
            disk.close(fd)
        _link_or_rename(disk, draft, target)
        if durable:
            disk.sync_folder(target.parent)
    except FileExistsError:
        return
    except OSError as refused:
        raise refusal(target, refused) from refused
    finally:
        discard(disk, draft)


def _link_or_rename(disk: Disk, draft: Path, target: Path) -> None:
    """A link where the file system has them; some shares and FAT do not."""
    try:
        disk.link(draft, target)
    except FileExistsError:
        raise
    except OSError:
        disk.rename(draft, target)


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
    vouched = Vouched(source)
    if "about" not in vouched:
        return None
    parts = {name: vouched.part(name) for name in ("about", "shape", "images")}
    labels = vouched.part("labels") if "labels" in vouched else None
    try:
        about = json.loads(parts["about"])
        normal = about["normalization"]
        return Probe(
            np.frombuffer(parts["images"], "<f4").reshape(np.frombuffer(parts["shape"], "<i8")),
            None if labels is None else np.frombuffer(labels, "<i8"),
            tuple(map(str, about["names"])),
            Normalization(
                tuple(normal["mean"]), tuple(normal["std"]), normal["low"], normal["high"]
            ),
        )
    except (*NONSENSE, UsageError) as bad:
        raise damaged(source, f"it holds no probe ({type(bad).__name__})") from bad
