"""A probe of images from a folder, in the range and size that a network was seen to take."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from vizframe.errors import UsageError
from vizframe.network.network import FloatArray
from vizframe.network.probe import Normalization, Probe

_MODES = {1: "L", 3: "RGB"}


def probe_from(
    path: Path, input_shape: tuple[int, ...], normalization: Normalization, most: int
) -> Probe:
    """The first images of a folder, or the one in a file, resized to what the network takes.

    Args:
        input_shape: (channels, y, x) of one network input.
        normalization: how network inputs relate to pictures.
        most: how many images at most, in the order of their names.

    Raises:
        UsageError: there is no image, or the network takes none.
    """
    if len(input_shape) != 3 or input_shape[0] not in _MODES:
        raise UsageError(
            f"the network takes inputs of shape {input_shape}; images can be a probe for "
            "(1, y, x) or (3, y, x)"
        )
    loaded = [(file.name, image) for file in _files(path) if (image := _image(file, input_shape))]
    if not loaded:
        raise UsageError(f"probe is {str(path)!r}; it can be an image or a folder of images")
    names, pictures = zip(*loaded[:most], strict=True)
    return Probe(_inputs(pictures, normalization), names=names, normalization=normalization)


def image_files(folder: Path) -> list[Path]:
    """All pictures in a folder and below it, by path; a picture is what its name's end says."""
    known = Image.registered_extensions()
    return sorted(each for each in folder.rglob("*") if each.suffix.lower() in known)


def read_images(
    files: Sequence[Path], input_shape: tuple[int, ...], normalization: Normalization
) -> FloatArray:
    """Pictures as network inputs, (image, channel, y, x), resized to what the network takes.

    Raises:
        UsageError: one cannot be read, or the network takes none.
    """
    if len(input_shape) != 3 or input_shape[0] not in _MODES:
        raise UsageError(
            f"the network takes inputs of shape {input_shape}; images can be read for (1, y, x) "
            "or (3, y, x)"
        )
    pictures = []
    for file in files:
        try:
            picture = _image(file, input_shape)
        except OSError as error:
            raise UsageError(f"image {str(file)!r} cannot be read: {error}") from error
        if picture is None:
            raise UsageError(f"image {str(file)!r} is none any more")
        pictures.append(picture)
    return _inputs(tuple(pictures), normalization)


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(file for file in path.iterdir() if file.is_file())
    return [path] if path.is_file() else []


def _image(file: Path, input_shape: tuple[int, ...]) -> Image.Image | None:
    channels, height, width = input_shape
    try:
        with Image.open(file) as image:
            return image.convert(_MODES[channels]).resize((width, height), Image.Resampling.BICUBIC)
    except UnidentifiedImageError:
        return None  # a README beside the images


def _inputs(pictures: tuple[Image.Image, ...], normalization: Normalization) -> FloatArray:
    """Pictures as network inputs, (image, channel, y, x)."""
    values = np.stack([np.atleast_3d(np.asarray(each, np.float32)) / 255 for each in pictures])
    return normalization.to_inputs(values.transpose(0, 3, 1, 2))
