"""A model's tensors with the units that hold NaN or infinities switched off."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch

from vizframe.network.sick import is_sick, switch_off
from vizframe.torch.model import Model


def has_nonfinite(model: Model, names: Iterable[str]) -> bool:
    """Whether any of the tensors of these names holds what is no number."""
    own = (model.leaf(name) for name in names)
    return not all(bool(torch.isfinite(each).all()) for each in own if each.is_floating_point())


def switch_off_tensors(model: Model) -> dict[str, torch.Tensor]:
    """The tensors of the model's sick layers, their sick units zero: `vizframe.network.sick`."""
    layers: dict[str, list[str]] = {}
    for name in model.shadow.leaves:
        layers.setdefault(name.rpartition(".")[0], []).append(name)
    switched = {}
    with torch.no_grad():
        for names in layers.values():
            own = {name: model.leaf(name) for name in names}
            known = {n: each for n, each in own.items() if each.is_floating_point() and each.ndim}
            values = {n: each.detach().float().cpu().numpy() for n, each in known.items()}
            if is_sick(values):
                for name, healthy in switch_off(values).items():
                    kept = torch.from_numpy(np.ascontiguousarray(healthy, np.float32))
                    switched[name] = kept.to(own[name])
    return switched
