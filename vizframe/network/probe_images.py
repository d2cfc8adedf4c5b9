"""A probe of images from a folder, in the range and size that a network was seen to take.

images/a.png, b.png          the first by name
images/cat/…, images/dog/…   some of every class, labelled by its folder
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path

import numpy as np
from PIL import Image

from vizframe.errors import UsageError
from vizframe.network.network import FloatArray
from vizframe.network.picture_file import read_picture
from vizframe.network.probe import Normalization, Probe

log = logging.getLogger("vizframe")

UNREADABLE = (OSError, ValueError, SyntaxError, Image.DecompressionBombError)
"""What Pillow raises of files that are no images, or damaged ones."""


def probe_from(
    path: Path, input_shape: tuple[int, ...], normalization: Normalization, most: int
) -> Probe:
    """The first images of a folder, or the one in a file, resized to what the network takes. Only
    those are read; one that is damaged is named and left out.

    Args:
        input_shape: (channels, y, x) of one network input.
        normalization: how network inputs relate to pictures.
        most: how many images at most, in the order of their names, from each class in turn.

    Raises:
        UsageError: there is no image, or the network takes none.
    """
    if len(input_shape) != 3 or input_shape[0] not in (1, 3):
        raise UsageError(
            f"the network takes inputs of shape {input_shape}; images can be a probe for "
            "(1, y, x) or (3, y, x)"
        )
    names: list[str] = []
    pictures: list[FloatArray] = []
    channels, height, width = input_shape
    for file in _files(path):
        if len(pictures) == most:
            break
        try:
            pictures.append(read_picture(file, channels, (height, width)))
        except UNREADABLE as error:
            if file.suffix.lower() in Image.registered_extensions():  # no README beside them
                log.warning("%s", _describe(file, error))
            continue
        names.append(str(file.relative_to(path)) if path.is_dir() else file.name)
    if not pictures:
        raise UsageError(f"probe is {str(path)!r}; it can be an image or a folder of images")
    inputs = normalization.to_inputs(np.stack(pictures))
    return Probe(inputs, _labels(path, names), names, normalization)


def image_files(folder: Path) -> list[Path]:
    """All pictures in a folder and below it, by path; a picture is what its name's end says."""
    return sorted(_images_in(folder))


def read_images(
    files: Sequence[Path], input_shape: tuple[int, ...], normalization: Normalization
) -> FloatArray:
    """Pictures as network inputs, (image, channel, y, x), resized to what the network takes.

    Raises:
        UsageError: one cannot be read, or the network takes none.
    """
    if len(input_shape) != 3 or input_shape[0] not in (1, 3):
        raise UsageError(
            f"the network takes inputs of shape {input_shape}; images can be read for (1, y, x) "
            "or (3, y, x)"
        )
    channels, height, width = input_shape
    pictures = []
    for file in files:
        try:
            pictures.append(read_picture(file, channels, (height, width)))
        except UNREADABLE as error:
            raise UsageError(f"image {str(file)!r} cannot be read: {error}") from error
    return normalization.to_inputs(np.stack(pictures))


def class_folders(path: Path) -> tuple[str, ...]:
    """The classes that a folder's own folders stand for, in the order of their labels; none where
    images lie in it directly."""
    if not path.is_dir() or any(_is_image(each) and not is_hidden(each) for each in path.iterdir()):
        return ()
    folders = (each for each in sorted(path.iterdir()) if each.is_dir() and not is_hidden(each))
    return tuple(each.name for each in folders if _has(each))


def _files(path: Path) -> Iterator[Path]:
    """Those that may be images; of several classes, one of each in turn."""
    if path.is_file():
        yield path
    elif not (classes := class_folders(path)):
        yield from sorted(e for e in _listed(path) if e.is_file() and not is_hidden(e))
    else:
        lists = (sorted(_images_in(path / name)) for name in classes)
        for row in zip_longest(*lists):
            yield from (each for each in row if each is not None)


def _listed(path: Path) -> Iterator[Path]:
    return path.iterdir() if path.is_dir() else iter(())


def _images_in(folder: Path) -> Iterator[Path]:
    return (
        each
        for each in folder.rglob("*")
        if _is_image(each) and not any(map(is_hidden, map(Path, each.relative_to(folder).parts)))
    )


def _has(folder: Path) -> bool:
    return next(_images_in(folder), None) is not None


def is_hidden(file: Path) -> bool:
    """Whether it is no picture that a person put there: a notebook's copies, a Mac's notes."""
    return file.name.startswith(".") or file.name == "__MACOSX"


def _is_image(file: Path) -> bool:
    return file.suffix.lower() in Image.registered_extensions() and file.is_file()


def _labels(path: Path, names: list[str]) -> np.ndarray[tuple[int], np.dtype[np.int64]] | None:
    classes = class_folders(path)
    if not classes:
        return None
    return np.array([classes.index(Path(name).parts[0]) for name in names], np.int64)


def _describe(file: Path, error: Exception) -> str:
    reason = " ".join(str(error).split()) or type(error).__name__
    return f"image {str(file)!r} cannot be read ({reason}); the probe goes without it"
