"""Grad-CAM (Selvaraju et al. 2017, equations 1 and 2), for a layer's maps A of class score S:

    α_k = mean over places of ∂S/∂A_k        CAM = max(0, Σ_k α_k A_k)

Guided Grad-CAM is guided backpropagation seen through that map.
"""

from __future__ import annotations

import numpy as np

from vizframe.attribution.target import Target
from vizframe.images.overlay import resample
from vizframe.network import FloatArray


def grad_cam(target: Target, layer: str, maps: FloatArray) -> FloatArray:
    """Where in the image the layer sees evidence for the class: (probe, y, x) of the image, ≥ 0.

    Args:
        layer: one whose units are maps, in front of the scores.
        maps: its activations for the target's images, (probe, unit, y, x).
    """
    weight = target.gradient(at=layer).gradient.mean(axis=(2, 3), dtype=np.float64)
    cam = np.maximum(np.einsum("pk,pkyx->pyx", weight, maps.astype(np.float64)), 0.0)
    height, width = target.images.shape[2:]
    return resample(cam, (height, width)).astype(np.float32)


def guided_grad_cam(guided: FloatArray, cam: FloatArray) -> FloatArray:
    """Guided gradients (probe, channel, y, x) times the map (probe, y, x)."""
    return guided * cam[:, None]
