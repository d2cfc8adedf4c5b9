"""From what was played to each image's response, one number per image."""

from __future__ import annotations

from math import inf
from typing import Any, Protocol

import numpy as np
import torch

from vizframe.graph.target import unit_places
from vizframe.network import Objective, ReluRule
from vizframe.torch.plan import Kernel
from vizframe.torch.replay import Values
from vizframe.torch.rules import ruled_relu


class Head(Protocol):
    """Makes responses of the values that a program gave."""

    def ask(self, objective: Objective) -> None:
        """Change units and places."""
        ...

    def respond(self, values: Values) -> Any:
        """Each image's response, (batch,)."""
        ...

    def responses(self, values: Values) -> Any:
        """The response of every unit at the same places, (batch, units)."""
        ...


class KernelHead:
    """Each image's own kernel, on the features before it."""

    def __init__(self, kernel: Kernel, rule: ReluRule, fixed: Values) -> None:
        weight = fixed[kernel.weight]
        if kernel.part is not None:
            weight = weight[:, :, kernel.part[0], kernel.part[1]]
        self._kernels = weight.reshape(len(weight), -1)
        none = self._kernels.new_zeros(len(weight))
        self._biases = none if kernel.bias is None else fixed[kernel.bias]
        self._kernel, self._rule = kernel, rule

    def ask(self, objective: Objective) -> None:
        units = torch.from_numpy(objective.units).to(self._kernels.device)
        self._own, self._own_bias = self._kernels[units], self._biases[units]

    def respond(self, values: Values) -> Any:
        made = torch.linalg.vecdot(self._met(values), self._own) + self._own_bias
        if not self._kernel.relu:
            return made
        return torch.relu(made) if self._rule == "plain" else ruled_relu(made, self._rule, inf)

    def responses(self, values: Values) -> Any:
        made = self._met(values) @ self._kernels.t() + self._biases
        return made.clamp(min=0) if self._kernel.relu else made

    def _met(self, values: Values) -> Any:
        features, meets = values[self._kernel.features], self._kernel.meets
        if meets is not None:
            features = features[:, :, meets[0], meets[1]]
        return features.reshape(len(features), -1)


class MapHead:
    """Any layer: one place of each image's map, or its mean. What is not asked for is never
    multiplied, not even by zero: there may be NaN."""

    def __init__(
        self, node: int, shown: Any, shape: tuple[int, ...], cropped: bool, device: Any
    ) -> None:
        self._node, self._shown, self._shape, self._cropped = node, shown, shape, cropped
        self._device = device

    def ask(self, objective: Objective) -> None:
        self._rows = torch.arange(len(objective.units), device=self._device)
        self._units = torch.tensor(np.asarray(objective.units), device=self._device)
        places = None if self._cropped else unit_places(objective, self._shape)
        self._places = None if places is None else torch.tensor(places, device=self._device)

    def respond(self, values: Values) -> Any:
        output = self._shown(values[self._node])
        if self._places is not None:
            return output[self._rows, self._units, self._places[:, 0], self._places[:, 1]]
        own = output[self._rows, self._units]
        return own.reshape(len(own), -1).mean(1) if own.ndim > 1 else own

    def responses(self, values: Values) -> Any:
        output = self._shown(values[self._node])
        if self._places is not None:
            return output[self._rows, :, self._places[:, 0], self._places[:, 1]]
        return output.flatten(2).mean(2) if output.ndim > 2 else output
