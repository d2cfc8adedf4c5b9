"""Images by the thousand, as network inputs: a folder of pictures, a NumPy file, or what a function
of one's own gives. They are read piece by piece, as they are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from vizframe.arrays import FloatArray
from vizframe.errors import UsageError
from vizframe.network.factory import factory
from vizframe.network.probe import Normalization
from vizframe.network.probe_images import image_files, read_images


class Dataset(Protocol):
    """Images with a number each."""

    def __len__(self) -> int: ...

    def take(self, numbers: Sequence[int]) -> FloatArray:
        """The images of these numbers, float32 of shape (image, channel, y, x)."""
        ...


class ArrayImages:
    """Network inputs in an array, or in whatever has a length and can be indexed by numbers."""

    def __init__(self, inputs: object, shape: tuple[int, ...], name: str) -> None:
        self._inputs = np.asarray(inputs) if isinstance(inputs, list) else inputs
        found = getattr(self._inputs, "shape", None)
        if found is None or tuple(found[1:]) != shape:
            told = type(inputs).__name__ if found is None else f"of shape {tuple(found)}"
            raise UsageError(
                f"images is {name!r}, which is {told}; it can be an array of the network's inputs, "
                f"(images, {', '.join(map(str, shape))})"
            )
        self._length = int(found[0])

    def __len__(self) -> int:
        return self._length

    def take(self, numbers: Sequence[int]) -> FloatArray:
        if len(numbers) and numbers[-1] - numbers[0] == len(numbers) - 1:
            picked = self._inputs[numbers[0] : numbers[-1] + 1]  # type: ignore[index]  # has a shape
        else:
            picked = self._inputs[list(numbers)]  # type: ignore[index]  # likewise
        return np.ascontiguousarray(picked, np.float32)


class FolderImages:
    """The pictures of a folder and those below it, by name, resized to what the network takes."""

    def __init__(self, folder: Path, shape: tuple[int, ...], normalization: Normalization) -> None:
        self._files = image_files(folder)
        self._shape, self._normalization = shape, normalization
        if not self._files:
            raise UsageError(f"images is {str(folder)!r}, which holds no picture")

    def __len__(self) -> int:
        return len(self._files)

    def take(self, numbers: Sequence[int]) -> FloatArray:
        files = [self._files[number] for number in numbers]
        return read_images(files, self._shape, self._normalization)


def open_dataset(text: str, shape: tuple[int, ...], normalization: Normalization) -> Dataset:
    """The images that a text names.

    Args:
        text: a folder of pictures; a ``.npy`` file of network inputs; or ``MODULE:FUNCTION`` (or
            ``FILE.py:FUNCTION``), which gives such an array.
        shape: of one network input.
        normalization: how network inputs relate to pictures.

    Raises:
        UsageError: nothing is there, or it does not fit the network.
    """
    path = Path(text)
    if text and path.is_dir():
        return FolderImages(path, shape, normalization)
    if path.suffix == ".npy" and path.is_file():
        try:
            stored = np.load(path, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError) as error:
            raise UsageError(f"images is {text!r}, which cannot be read: {error}") from error
        return ArrayImages(stored, shape, text)
    if ":" in text:
        return ArrayImages(factory(text)(), shape, text)
    raise UsageError(
        f"images is {text!r}; it can be a folder of pictures, a .npy file of network inputs, or "
        "MODULE:FUNCTION, which gives these"
    )


def pieces(count: int, size: int) -> Iterator[range]:
    """The numbers below ``count``, so many at a time."""
    return (range(start, min(start + size, count)) for start in range(0, count, size))
