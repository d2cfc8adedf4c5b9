"""Class activation maps, for a layer's maps A of class score S, enlarged to the image.

Grad-CAM    max(0, Σ_k α_k A_k), α_k = mean over places of ∂S/∂A_k   Selvaraju et al. 2017, eq. 1, 2
HiResCAM    max(0, Σ_k ∂S/∂A_k · A_k), place by place                Draelos & Carin 2020
LayerCAM    max(0, Σ_k max(0, ∂S/∂A_k) · A_k), place by place        Jiang et al. 2021, eq. 6, 7
XGrad-CAM   max(0, Σ_k α_k A_k), α_k = Σ ∂S/∂A_k · A_k / Σ A_k       Fu et al. 2020, eq. 8

Grad-CAM and HiResCAM are the same where a global pooling follows the layer. Where a dense layer
does, what speaks for the class differs by place: the mean over places forgets that, the product
does not. LayerCAM leaves out what speaks against the class at a place, which keeps early layers
readable; XGrad-CAM weighs the gradient of each place by how much of the unit's activation is there.

A unit that holds NaN adds nothing where the score does not depend on it.

Guided Grad-CAM is guided backpropagation seen through Grad-CAM's map.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from vizframe.images.overlay import resample
from vizframe.network import FloatArray

Doubles = npt.NDArray[np.float64]

Weigh = Callable[[FloatArray, FloatArray, tuple[int, int]], Doubles]
"""From maps and gradients, (probe, unit, y, x), to evidence (probe, y, x) of the size given."""


def grad_cam(maps: FloatArray, gradient: FloatArray, size: tuple[int, int]) -> Doubles:
    """Where in the image the layer sees evidence for the class: (probe, y, x) of that size, ≥ 0.

    Args:
        maps: the layer's activations, (probe, unit, y, x).
        gradient: of each image's class score with respect to them.
    """
    return _weigh_units(gradient.mean(axis=(2, 3), dtype=np.float64), _finite(maps), size)


def hires_cam(maps: FloatArray, gradient: FloatArray, size: tuple[int, int]) -> Doubles:
    """The same by HiResCAM."""
    return _enlarge((gradient * _finite(maps)).sum(axis=1), size)


def layer_cam(maps: FloatArray, gradient: FloatArray, size: tuple[int, int]) -> Doubles:
    """The same by LayerCAM."""
    return _enlarge((np.maximum(gradient, 0) * _finite(maps)).sum(axis=1), size)


def xgrad_cam(maps: FloatArray, gradient: FloatArray, size: tuple[int, int]) -> Doubles:
    """The same by XGrad-CAM; a unit that sums to 0 has no weight."""
    known = _finite(maps)
    product, total = (gradient * known).sum(axis=(2, 3)), known.sum(axis=(2, 3))
    weight = np.divide(product, total, out=np.zeros_like(product), where=total != 0)
    return _weigh_units(weight, known, size)


def _weigh_units(weight: Doubles, maps: Doubles, size: tuple[int, int]) -> Doubles:
    """max(0, Σ_k α_k A_k) of weights (probe, unit)."""
    probe, units, *places = maps.shape
    evidence = weight[:, None] @ maps.reshape(probe, units, -1)
    return _enlarge(evidence.reshape(probe, *places), size)


def _finite(maps: FloatArray) -> Doubles:
    exact: Doubles = maps.astype(np.float64)
    return exact if np.isfinite(exact).all() else np.where(np.isfinite(exact), exact, 0.0)


def _enlarge(evidence: Doubles, size: tuple[int, int]) -> Doubles:
    return resample(np.maximum(evidence, 0.0), size)


def guided_grad_cam(guided: FloatArray, cam: FloatArray | Doubles) -> Doubles:
    """Guided gradients (probe, channel, y, x) times the map (probe, y, x)."""
    product: Doubles = guided.astype(np.float64) * cam[:, None]
    return product
