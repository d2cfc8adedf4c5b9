"""The probe: the fixed inputs that activations and saliency are recorded on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from vizframe.arrays import FloatArray, read_only
from vizframe.errors import UsageError
from vizframe.network.call import Call


@dataclass(frozen=True, slots=True)
class Normalization:
    """How network inputs relate to pictures: ``input = (picture − mean) / std``, per channel,
    where a picture's values lie in [low, high]."""

    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)
    low: float = 0.0
    high: float = 1.0

    def bounds(self) -> tuple[float, float]:
        """The lowest and highest value a network input can take, over all channels."""
        lows = [(self.low - m) / s for m, s in zip(self.mean, self.std, strict=True)]
        highs = [(self.high - m) / s for m, s in zip(self.mean, self.std, strict=True)]
        return min(lows), max(highs)

    def to_picture(self, inputs: FloatArray) -> FloatArray:
        """Network inputs, (…, channel, y, x), as pictures in [0, 1], clipped."""
        mean, std = self._planes()
        picture = (inputs * std + mean - self.low) / (self.high - self.low)
        clipped: FloatArray = np.clip(picture, 0.0, 1.0).astype(np.float32)
        return clipped

    def to_inputs(self, picture: FloatArray) -> FloatArray:
        """Pictures in [0, 1], (…, channel, y, x), as network inputs: `to_picture` turned round."""
        mean, std = self._planes()
        inputs = (picture * (self.high - self.low) + self.low - mean) / std
        return np.ascontiguousarray(inputs, np.float32)

    def _planes(self) -> tuple[FloatArray, FloatArray]:
        """Mean and std, each (channel, 1, 1)."""
        mean, std = (np.asarray(v, np.float32).reshape(-1, 1, 1) for v in (self.mean, self.std))
        return mean, std


@dataclass(frozen=True, slots=True, eq=False)
class Probe:
    """The same images at every step, stored in the run.

    Attributes:
        images: network inputs, float32 of shape (probe, channel, y, x); read-only, since all
            plugins share them.
        labels: int64 of shape (probe,), or None where they are not known.
        names: one per image (file names, say), or empty.
        normalization: how the images relate to pictures.
        call: what the network is given beside the images.
        tokens: of texts, what each token says, a list per text: ``images`` holds their numbers.
            A text may be shorter than the longest one; what is behind its end fills it up.
        vocabulary: what every number stands for; empty where that is not known.
    """

    images: FloatArray
    labels: npt.NDArray[np.int64] | None = None
    names: Sequence[str] = ()
    normalization: Normalization = Normalization()
    call: Call = field(default_factory=Call)
    tokens: Sequence[Sequence[str]] = ()
    vocabulary: Sequence[str] = ()

    def __post_init__(self) -> None:
        if self.images.ndim < 2 or not len(self.images):
            raise UsageError(
                f"the probe has shape {self.images.shape}; it can be (images, channels, y, x), "
                "(texts, tokens) or (rows, numbers), with at least one of them, and no single "
                "number each"
            )
        object.__setattr__(self, "images", read_only(self.images))
        if self.labels is not None and len(self.labels) != len(self.images):
            raise UsageError(
                f"the probe has {len(self.images)} images and {len(self.labels)} labels; "
                "give as many labels as images, or none"
            )
        if self.tokens and len(self.tokens) != len(self.images):
            raise UsageError(
                f"the probe has {len(self.images)} inputs and {len(self.tokens)} texts; "
                "give the tokens of each of them, or none"
            )

    def __len__(self) -> int:
        return len(self.images)

    @property
    def noun(self) -> str:
        """What one of its inputs is called: an image, a text, or another sequence."""
        if self.tokens:
            return "text"
        return "sequence" if self.images.ndim == 3 else "image"

    @property
    def token_ids(self) -> list[list[int]]:
        """The number of each token, a list per text; empty where the inputs are no texts."""
        return [
            [int(each) for each in row.reshape(-1)[: len(text)]]
            for row, text in zip(self.images, self.tokens, strict=False)
        ]


def probe_of(images: FloatArray) -> Probe:
    """A probe of network inputs whose pictures are guessed from their range: 0 to 1, 0 to 255, or
    from the lowest to the highest value that occurs."""
    values = np.ascontiguousarray(images, np.float32)
    low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 1.0)
    if low >= 0:
        low, high = 0.0, 1.0 if high <= 1 else 255.0 if high <= 255 else high
    return Probe(values, normalization=Normalization(low=low, high=max(high, low + 1e-6)))
