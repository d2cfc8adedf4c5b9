"""How a model is looked at: which input takes the images, which output gives the scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from vizframe.errors import NetworkError, UnknownInputs, UnknownName
from vizframe.network import FloatArray
from vizframe.network.call import Call

GIBIBYTE = 1 << 30


@dataclass(frozen=True, slots=True, eq=False)
class Settings:
    """How a model is looked at.

    Attributes:
        input_shape: of the image input, without the batch axis.
        input: which of several inputs takes the images; the first by default.
        others: what the other inputs are given: one sample each, repeated for every image.
        call: what was seen of how it is called; what is said above goes first.
        output: which of several outputs gives the scores, by number or by its layer's name.
        class_names: one per score.
        memory: bytes that a batch of units may take, and compiled graphs may hold.
    """

    input_shape: tuple[int, ...]
    input: str = ""
    others: Mapping[str, object] = field(default_factory=dict)
    call: Call = field(default_factory=Call)
    output: int | str = 0
    class_names: tuple[str, ...] | None = None
    memory: int = GIBIBYTE

    def complete_call(self, inputs: Sequence[str]) -> Call:
        """How a network with these inputs is called: one takes the images, and all others have
        something to be given.

        Raises:
            UnknownName: no input is called so.
            UnknownInputs: an input gets nothing.
        """
        known = replace(self.call, names=tuple(inputs)).given(self.others)
        if self.input and self.input not in inputs:
            raise UnknownName("input", self.input, inputs)
        free = [name for name in inputs if name not in known.others]
        seen = self.call.input if self.call.input in free else ""
        chosen = self.input or seen or (free[0] if free else "")
        if not chosen or any(name != chosen for name in free):
            raise UnknownInputs(
                f"the network has the inputs {', '.join(map(repr, inputs))}; one takes the images, "
                "give one sample for each of the others: others={name: array}"
            )
        return replace(known, input=chosen)

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
