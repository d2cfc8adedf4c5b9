"""A model's tensors with the units that hold NaN or infinities switched off."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch

from vizframe.network.nonfinite import holds_nonfinite, switch_off
from vizframe.torch.model import Model


def has_nonfinite(model: Model, names: Iterable[str]) -> bool:
    """Whether any of the tensors of these names holds NaN or infinities."""
    own = (model.leaf(name) for name in names)
    return not all(bool(torch.isfinite(each).all()) for each in own if each.is_floating_point())


def switch_off_tensors(model: Model) -> dict[str, torch.Tensor]:
    """The tensors of the layers that hold NaN or infinities, the units that do set to zero; see
    `vizframe.network.nonfinite`."""
    layers: dict[str, list[str]] = {}
    for name in model.shadow.leaves:
        layers.setdefault(name.rpartition(".")[0], []).append(name)
    switched = {}
    with torch.no_grad():
        for names in layers.values():
            own = {name: model.leaf(name) for name in names}
            known = {n: each for n, each in own.items() if each.is_floating_point() and each.ndim}
            values = {n: each.detach().float().cpu().numpy() for n, each in known.items()}
            if holds_nonfinite(values):
                for name, finite in switch_off(values).items():
                    kept = torch.from_numpy(np.ascontiguousarray(finite, np.float32))
                    switched[name] = kept.to(own[name])
    return switched
