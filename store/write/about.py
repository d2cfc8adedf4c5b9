"""What a run says of itself once, when it starts: ``run.json`` and ``probe.h5``."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vizframe.history import RunInfo
from vizframe.network.probe import Probe
from vizframe.store.format.call import write_call
from vizframe.store.format.checksum import crc32
from vizframe.store.format.image import Image, np_bytes
from vizframe.store.format.layout import Extent
from vizframe.store.format.names import PROBE_FILE, RUN_FILE, temporary_name
from vizframe.store.format.skeleton import Dataset, lay_out
from vizframe.store.read.about import IDENTIFIED
from vizframe.store.write.disk import Disk
from vizframe.store.write.plan import BLOCK_COPY, put_block
from vizframe.store.write.publish import discard, refusal

_numbers = itertools.count()


def write_info(disk: Disk, run: Path, info: RunInfo, *, durable: bool) -> None:
    """Write ``run.json`` unless there is one: a resumed run keeps the first."""
    text = json.dumps({**info.model_dump(mode="json"), IDENTIFIED: True}, indent=1).encode()
    _write_once(disk, Image(len(text), [(0, text)]), run / RUN_FILE, durable)


def probe_parts(probe: Probe) -> dict[str, npt.NDArray[np.generic]]:
    """The parts of ``probe.h5``."""
    normal = probe.normalization
    call, others = write_call(probe.call)
    about = {
        "names": list(probe.names),
        "normalization": {
            "mean": normal.mean,
            "std": normal.std,
            "low": normal.low,
            "high": normal.high,
        },
        **({"call": call} if probe.call.names else {}),
    }
    parts: dict[str, npt.NDArray[np.generic]] = {
        "about": np.frombuffer(json.dumps(about).encode(), np.uint8),
        "shape": np.array(probe.images.shape, "<i8"),
        "images": np.ascontiguousarray(probe.images, "<f4"),
    }
    if probe.labels is not None:
        parts["labels"] = np.ascontiguousarray(probe.labels, "<i8")
    if probe.tokens:
        text = json.dumps({"tokens": [*map(list, probe.tokens)], "vocabulary": [*probe.vocabulary]})
        parts["text"] = np.frombuffer(text.encode(), np.uint8)
    return {**parts, **others}


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
    draft = temporary_name(target.parent, target.stem, next(_numbers))
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
