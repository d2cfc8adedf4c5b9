"""Gradients of a size that float32 and Adam can work with, whatever the network's own size is.

Adam's steps are as long for a gradient of 1e-5 as for one of 1, but not for one of 1e-12, which its
ε swallows, and none of 1e30, whose square is infinite. So the way back starts with a number of its
own for each image instead of 1, a power of two, where the gradient is out of the ordinary:

    mean |g|    …  1e-38 ────── 1e-5 ▓▓▓▓▓▓ as it is ▓▓▓▓▓▓ 1e12 ────── 1e30  …
                   strengthened                              weakened
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from vizframe.network import FloatArray

SMALL, LARGE = 1e-5, 1e12
"""Between these a mean gradient is ordinary."""

FAR = np.float32(2.0**100)
"""How much more (or less) is tried where the gradient itself underflows (or overflows)."""

Slopes = Callable[[FloatArray], FloatArray]
"""Mean |g| of each image, (batch,), for these strengths."""


def ordinary_strength(plain: FloatArray, slopes: Slopes) -> FloatArray | None:
    """What to multiply each image's gradient by; None where all of them are ordinary.

    Args:
        plain: mean |g| of each image, (batch,).
        slopes: the same for other strengths.
    """
    strength = _inverse(plain)
    lost = (plain < np.finfo(np.float32).tiny) | ~np.isfinite(plain)
    if lost.any():
        far = np.where(lost, np.where(plain < 1, FAR, 1 / FAR), 1).astype(np.float32)
        tried = slopes(far)
        known = lost & np.isfinite(tried) & (tried > 0)
        strength = np.where(known, _inverse(tried, always=True) * far, strength)
    held = np.clip(strength, 2.0**-126, 2.0**126).astype(np.float32)
    return None if (held == 1).all() else held


def _inverse(slopes: FloatArray, *, always: bool = False) -> npt.NDArray[np.float64]:
    """The power of two that makes a slope about 1; 1 where it is ordinary, 0 or no number."""
    known = np.isfinite(slopes) & (slopes > 0)
    if not always:
        known &= (slopes < SMALL) | (slopes > LARGE)
    _, exponent = np.frexp(np.where(known, slopes, 1).astype(np.float64))
    return np.asarray(np.ldexp(1.0, 1 - exponent), np.float64)
