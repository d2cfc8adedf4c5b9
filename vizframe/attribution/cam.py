"""Class activation maps, for a layer's maps A of class score S, enlarged to the image.

Grad-CAM    max(0, Σ_k α_k A_k), α_k = mean over places of ∂S/∂A_k   Selvaraju et al. 2017, eq. 1, 2
HiResCAM    max(0, Σ_k ∂S/∂A_k · A_k), place by place                Draelos & Carin 2020

The two are the same where a global pooling follows the layer. Where a dense layer does, what speaks
for the class differs by place: the mean over places forgets that, the product does not.

Guided Grad-CAM is guided backpropagation seen through Grad-CAM's map.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vizframe.images.overlay import resample
from vizframe.network import FloatArray


def grad_cam(maps: FloatArray, gradient: FloatArray, size: tuple[int, int]) -> FloatArray:
    """Where in the image the layer sees evidence for the class: (probe, y, x) of that size, ≥ 0.

    Args:
        maps: the layer's activations, (probe, unit, y, x).
        gradient: of each image's class score with respect to them.
    """
    probe, units, *places = maps.shape
    weight = gradient.mean(axis=(2, 3), dtype=np.float64)
    evidence = weight[:, None] @ maps.reshape(probe, units, -1).astype(np.float64)
    return _enlarge(evidence.reshape(probe, *places), size)


def hires_cam(maps: FloatArray, gradient: FloatArray, size: tuple[int, int]) -> FloatArray:
    """The same by HiResCAM."""
    return _enlarge((gradient.astype(np.float64) * maps).sum(axis=1), size)


def _enlarge(evidence: npt.NDArray[np.float64], size: tuple[int, int]) -> FloatArray:
    return resample(np.maximum(evidence, 0.0), size).astype(np.float32)


def guided_grad_cam(guided: FloatArray, cam: FloatArray) -> FloatArray:
    """Guided gradients (probe, channel, y, x) times the map (probe, y, x)."""
    return guided * cam[:, None]
