"""The contract's nets that are no chain, as people write them in PyTorch."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional

from vizframe.testing.cases import Case


class Written(nn.Module):
    """A net of a case's layers: convolutions and dense layers by their names, a normalization."""

    def __init__(self, case: Case) -> None:
        super().__init__()
        for name, given in case.parts.items():
            self.add_module(name, layer_of({key: torch.tensor(v) for key, v in given.items()}))
        self.relu, self.pool, self.drop = nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.4)

    def classified(self, maps: Any) -> Any:
        """The end that most cases have."""
        return self.out(self.pool(self.relu(maps)).flatten(1))


def layer_of(given: dict[str, Any]) -> Any:
    if "gamma" in given:
        made: Any = nn.BatchNorm2d(len(given["gamma"]))
        names = {
            "weight": "gamma",
            "bias": "beta",
            "running_mean": "mean",
            "running_var": "variance",
        }
    else:
        units, inputs, *size = given["weight"].shape
        made = nn.Conv2d(inputs, units, 3, padding=1) if size else nn.Linear(inputs, units)
        names = {"weight": "weight", "bias": "bias"}
    with torch.no_grad():
        for own, name in names.items():
            getattr(made, own).copy_(given[name])
    return made


class TrainMode(Written):
    def forward(self, x: Any) -> Any:
        x = self.pool(self.drop(self.relu(self.norm(self.conv0(x)))))
        return self.out(self.drop(x.flatten(1)))


class Skip(Written):
    def forward(self, x: Any) -> Any:
        x = self.relu(self.conv0(x))
        return self.out(self.relu(x + self.conv1(x)).flatten(1))


class Concatenation(Written):
    def forward(self, x: Any) -> Any:
        return self.classified(torch.cat([self.left(x), self.right(x)], dim=1))


class Twice(Written):
    def forward(self, x: Any) -> Any:
        x = self.relu(self.conv0(x))
        for _ in range(2):
            x = self.relu(self.conv1(x))
        return self.out(x.flatten(1))


class InPlace(Written):
    def forward(self, x: Any) -> Any:
        x = self.conv0(x)
        x += 0.0
        return self.out(self.pool(x.relu_()).flatten(1))


class Functional(Written):
    def forward(self, x: Any) -> Any:
        x = functional.conv2d(x, self.conv0.weight, self.conv0.bias, padding=1)
        x = functional.max_pool2d(x.clamp(min=0), 2).reshape(len(x), -1)
        return functional.linear(x, self.out.weight, self.out.bias)


class Tokens(Written):
    def __init__(self, case: Case) -> None:
        super().__init__(case)
        self.conv0.stride, self.conv0.padding = (3, 3), (0, 0)

    def forward(self, x: Any) -> Any:
        x = self.conv0(x).flatten(2).transpose(1, 2)
        x = self.relu(self.dense(x))
        return self.out(x.transpose(1, 2).flatten(1))


class ChannelsLast(Written):
    def forward(self, x: Any) -> Any:
        x = self.relu(self.dense(self.conv0(x).permute(0, 2, 3, 1)))
        return self.out(x.permute(0, 3, 1, 2).flatten(1))


class SeveralInputs(Written):
    def forward(self, x: Any, scale: Any) -> Any:
        return self.classified(self.conv0(x * scale))


NETS: dict[str, type[Written]] = {
    "train_mode": TrainMode,
    "skip": Skip,
    "concatenation": Concatenation,
    "twice": Twice,
    "in_place": InPlace,
    "functional": Functional,
    "tokens": Tokens,
    "channels_last": ChannelsLast,
    "several_inputs": SeveralInputs,
}
