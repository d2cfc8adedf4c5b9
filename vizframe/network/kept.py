"""Weights that a run keeps, so that its network can be asked later and elsewhere.

    weights/  or  snapshots/
      network.json             the network, without its code: `vizframe.network.frozen`
      000000000050.npz         the weights at step 50, as NumPy has them, each with its CRC-32
      refused.txt              in place of both: why this network cannot be kept

Reading runs no code of whoever wrote the files, and takes no more memory than they have bytes.
"""

from __future__ import annotations

import json
import os
import re
import zipfile
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Protocol

import numpy as np
import numpy.typing as npt

from vizframe.errors import HistoryError, MissingExtra, NetworkError
from vizframe.network.adapter import Adapter, frameworks
from vizframe.network.adapter import load as load_adapter
from vizframe.network.call import Call
from vizframe.network.frozen import Arrays, Freezer, Frozen, FrozenNetwork

NEWEST = "weights"
"""The folder, in a run's, of its newest weights alone."""

_NAME = re.compile(r"(\d{12})\.npz")
_REFUSED = "refused.txt"
_LONGEST = 2_000
"""Bytes of a sentence that is shown."""


class FreezingAdapter(Adapter, Freezer, Protocol):
    """An adapter that can freeze its networks."""


class KeptWeights:
    """The weights of some steps of one network, in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def steps(self) -> Sequence[int]:
        """The steps whose files are complete, increasing."""
        try:
            found = [match for each in os.listdir(self.folder) if (match := _NAME.fullmatch(each))]
        except (FileNotFoundError, NotADirectoryError):
            return []
        return sorted(int(match[1]) for match in found)

    @property
    def refusal(self) -> str:
        """Why nothing is kept; empty where that is not said."""
        try:
            # A run may be anybody's: no link is followed, and a pipe is not waited for.
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
            number = os.open(self.folder / _REFUSED, flags)
        except OSError:
            return ""
        with os.fdopen(number, "rb") as file:
            return file.read(_LONGEST).decode(errors="replace").strip()

    @property
    def stamp(self) -> object:
        """A value that changes when another recording describes its network."""
        try:
            status = (self.folder / "network.json").stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size, status.st_ino

    def refuse(self, sentence: str) -> None:
        """Keep why nothing can be kept. Raises OSError."""
        self.folder.mkdir(parents=True, exist_ok=True)
        publish(self.folder / _REFUSED, lambda path: path.write_text(sentence))

    def take(self, step: int, frozen: Frozen) -> None:
        """Keep the weights of a step: a file that is there is whole. Raises OSError."""
        if not (self.folder / "network.json").exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            publish(self.folder / "network.json", lambda path: path.write_text(frozen.description))
        publish(self.folder / f"{step:012}.npz", lambda path: _save(path, frozen.arrays))

    def replace(self, step: int, frozen: Frozen) -> None:
        """Keep the weights of a step and no others. Raises OSError."""
        self.take(step, frozen)
        for each in self.steps:
            if each != step:
                (self.folder / f"{each:012}.npz").unlink(missing_ok=True)

    def clear(self) -> None:
        """Keep nothing of what was kept: a new recording begins, whose network may be another."""
        for step in self.steps:
            (self.folder / f"{step:012}.npz").unlink(missing_ok=True)
        for name in ("network.json", _REFUSED):
            (self.folder / name).unlink(missing_ok=True)

    def load(self, step: int) -> Arrays:
        """The weights of a step. Raises HistoryError where its file is not sound."""
        path = self.folder / f"{step:012}.npz"
        try:
            with zipfile.ZipFile(path) as stored:
                return {_short(each): _read(stored, each) for each in stored.infolist()}
        except (OSError, ValueError, EOFError, zipfile.BadZipFile, NotImplementedError) as error:
            raise HistoryError(f"snapshot {path} cannot be read: {error}") from error

    def frozen(self, step: int) -> Frozen:
        """The network as it was at a step. Raises HistoryError."""
        try:
            description = (self.folder / "network.json").read_text()
        except (OSError, UnicodeDecodeError) as error:
            raise HistoryError(f"{self.folder} has no network that can be read: {error}") from error
        return Frozen(description, self.load(step))


def thaw(
    frozen: Frozen,
    input_shape: tuple[int, ...],
    *,
    call: Call,
    class_names: Sequence[str] | None = None,
    memory: int | None = None,
) -> tuple[Adapter, FrozenNetwork]:
    """The network, computed by the framework that it was made with.

    Raises:
        MissingExtra: which is not installed here.
        NetworkError: it cannot be asked, or the description is none.
    """
    adapter = freezer(framework_of(frozen))
    thawed = adapter.thaw(frozen, input_shape, call=call, class_names=class_names, memory=memory)
    return adapter, thawed


def freezer(framework: str) -> FreezingAdapter:
    """The adapter of a framework, which is loaded. Raises as `thaw` does."""
    known = frameworks()
    if framework not in known:
        raise NetworkError(
            f"the network is one of {framework!r}, which has no adapter here; it can be one of "
            f"{', '.join(sorted(known))}"
        )
    if find_spec(framework) is None:
        raise MissingExtra(f"a network of {framework}", framework)
    adapter = load_adapter(framework)
    if not isinstance(adapter, Freezer):
        raise NetworkError(f"networks of {framework} cannot be kept")
    return adapter


def framework_of(frozen: Frozen) -> str:
    """The framework of the network, as its adapter wrote it down; ``mxnet`` where it did not."""
    try:
        said = json.loads(frozen.description)
    except (ValueError, RecursionError) as error:
        raise NetworkError(f"the description of the network is damaged or foreign: {error}") from (
            error
        )
    name = said.get("framework", "mxnet") if isinstance(said, dict) else None
    if not isinstance(name, str):
        raise NetworkError("the description of the network is damaged: it names no framework")
    return name


def _short(member: zipfile.ZipInfo) -> str:
    return member.filename.removesuffix(".npy")


def _read(stored: zipfile.ZipFile, member: zipfile.ZipInfo) -> npt.NDArray[np.generic]:
    """The array of a member, which must be as long as its header says. Raises ValueError."""
    if member.compress_type != zipfile.ZIP_STORED:
        raise ValueError(f"{member.filename!r} is compressed; it can be stored as it is")
    with stored.open(member) as file:
        version = np.lib.format.read_magic(file)  # type: ignore[no-untyped-call]  # NumPy has no
        if version != (1, 0):
            raise ValueError(f"{member.filename!r} has a header of version {version}")
        shape, is_fortran, dtype = np.lib.format.read_array_header_1_0(file)  # type: ignore[no-untyped-call]  # types here
        if dtype.hasobject or min(shape, default=0) < 0:
            raise ValueError(f"{member.filename!r} holds {dtype}; it can hold numbers")
        size = int(np.prod(shape, dtype=object)) * dtype.itemsize
        data = file.read()
        if len(data) != size:
            raise ValueError(f"{member.filename!r} has {len(data)} bytes where {size} are said")
    flat = np.frombuffer(data, dtype)
    return flat.reshape(shape[::-1]).T if is_fortran else flat.reshape(shape)


def _save(path: Path, arrays: Arrays) -> None:
    """As `numpy.savez` does, one array after the other: they may be copied from a device when they
    are asked for, and need not all be in memory."""
    with path.open("wb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as stored:
        for name in arrays:
            with stored.open(f"{name}.npy", "w", force_zip64=True) as member:
                _write(member, arrays[name])


def _write(member: IO[bytes], values: npt.NDArray[np.generic]) -> None:
    dense = np.asarray(values, order="C")
    about = np.lib.format.header_data_from_array_1_0(dense)  # type: ignore[no-untyped-call]
    np.lib.format.write_array_header_1_0(member, about)  # type: ignore[no-untyped-call]
    member.write(dense.reshape(-1).view(np.uint8).data)  # no copy


def publish(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file beside the path and rename it, so that the path never names half a file."""
    draft = path.with_name(f".tmp-{path.name}-{os.getpid()}")
    try:
        write(draft)
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)
