"""How a model is looked at: which input takes the images, which output gives the scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from vizframe.errors import NetworkError, UnknownName
from vizframe.network import FloatArray

GIBIBYTE = 1 << 30


@dataclass(frozen=True, slots=True, eq=False)
class Settings:
    """How a model is looked at.

    Attributes:
        input_shape: of the image input, without the batch axis.
        input: which of several inputs takes the images; the first by default.
        others: what the other inputs are given: one sample each, repeated for every image.
        output: which of several outputs gives the scores, by number or by its layer's name.
        class_names: one per score.
        memory: bytes that a batch of units may take, and compiled graphs may hold.
    """

    input_shape: tuple[int, ...]
    input: str = ""
    others: Mapping[str, FloatArray] = field(default_factory=dict)
    output: int | str = 0
    class_names: tuple[str, ...] | None = None
    memory: int = GIBIBYTE

    def image_input(self, inputs: Sequence[str]) -> str:
        """Which of the network's inputs takes the images; all others must be given something.

        Raises:
            UnknownName: no input is called so.
            NetworkError: an input gets nothing.
        """
        for name in (*filter(None, [self.input]), *self.others):
            if name not in inputs:
                raise UnknownName("input", name, inputs)
        free = [name for name in inputs if name not in self.others]
        chosen = self.input or (free[0] if free else "")
        if not chosen or any(name != chosen for name in free):
            raise NetworkError(
                f"the network has the inputs {', '.join(map(repr, inputs))}; one takes the images, "
                "give one sample for each of the others: others={name: array}"
            )
        return chosen

    def check_images(self, images: npt.NDArray[np.generic], name: str) -> FloatArray:
        """The images as float32, for the network of this name.

        Raises:
            NetworkError: they have another dtype, rank or number of channels.
        """
        expected = self.input_shape
        if not np.issubdtype(images.dtype, np.floating):
            raise NetworkError(
                f"the images have dtype {images.dtype}; it can be float32, scaled as in training"
            )
        channels = len(expected) != 3 or images.shape[1:2] == expected[:1]
        if images.ndim != len(expected) + 1 or not channels:
            raise NetworkError(
                f"the images have shape {images.shape}; for the network {name!r} it can be "
                f"(images, {', '.join(map(str, expected))})"
            )
        checked: FloatArray = np.ascontiguousarray(images, np.float32)
        return checked
