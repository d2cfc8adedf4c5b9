"""Numbers that look like what networks give: smooth, drifting over the steps, sparse behind a ReLU.

Everything is a pure function of (seed, step), so a frame can be made again at any step to compare.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from vizframe.network import FloatArray


def smooth_noise(
    generator: np.random.Generator, shape: tuple[int, ...], scale: float
) -> FloatArray:
    """Gaussian noise, mean 0 and variance 1 over the last two axes, smooth over ``scale`` pixels.

    White noise times a Gaussian spectrum; periodic at the edges. A 1×1 map is plain noise.
    """
    white = generator.standard_normal(shape, np.float32)
    if shape[-2] * shape[-1] == 1:
        return white
    y, x = np.fft.fftfreq(shape[-2])[:, None], np.fft.rfftfreq(shape[-1])[None]
    spectrum = np.exp(-2 * (np.pi * scale) ** 2 * (y**2 + x**2))
    spectrum[0, 0] = 0
    field_ = np.fft.irfft2(np.fft.rfft2(white) * spectrum, shape[-2:])
    deviation = field_.std((-2, -1), keepdims=True)
    smooth: FloatArray = (field_ / np.where(deviation > 0, deviation, 1)).astype(np.float32)
    return smooth


@dataclass(frozen=True)
class Drift:
    """Smooth fields that turn slowly into others and back, once in ``period`` steps.

    ``at(step)`` is a point on the circle through two independent fields, so it has the same
    statistics at every step, and neighbouring steps are correlated by cos(2π·Δ / period).

    Attributes:
        shape: (…, y, x).
        seed: of both fields.
        scale: over how many pixels they are smooth.
        period: in training steps.
    """

    shape: tuple[int, ...]
    seed: int = 0
    scale: float = 2.0
    period: float = 1000.0
    _ends: list[FloatArray] = field(default_factory=list, init=False, repr=False, compare=False)

    def at(self, step: int) -> FloatArray:
        """Float32 of ``shape``, variance 1 over (y, x)."""
        if not self._ends:
            generator = np.random.default_rng(self.seed)
            self._ends.extend(smooth_noise(generator, self.shape, self.scale) for _ in range(2))
        angle = 2 * np.pi * step / self.period
        start, end = self._ends
        return start * np.float32(np.cos(angle)) + end * np.float32(np.sin(angle))

    def relu(self, step: int, threshold: float = 0.5) -> FloatArray:
        """The part above the threshold: 0.5 leaves 31 % of the values, as convolutions do."""
        return np.maximum(self.at(step) - np.float32(threshold), 0)

    def pictures(self, step: int, contrast: float = 0.18) -> FloatArray:
        """In [0, 1] around 0.5, as gradient ascent makes them."""
        return np.clip(0.5 + contrast * self.at(step), 0, 1).astype(np.float32)
