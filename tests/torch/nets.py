"""Modules that the tests of this room share."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from vizframe.testing.reference import (
    Convolution,
    Dense,
    Flatten,
    MaxPool,
    ReferenceNetwork,
    Relu,
)
from vizframe.testing.reference_ops import Operation


def sequential_of(reference: ReferenceNetwork, *, inplace: bool = False) -> Any:
    """The reference network as a Sequential, with the same weights."""
    return nn.Sequential(*(module_of(each, inplace) for each in reference.operations.values()))


def module_of(operation: Operation, inplace: bool = False) -> Any:
    match operation:
        case Convolution():
            units, inputs, *size = operation.weight.shape
            made = nn.Conv2d(inputs, units, tuple(size), operation.stride, operation.pad)
        case Dense():
            made = nn.Linear(operation.weight.shape[1], operation.weight.shape[0])
        case MaxPool():
            return nn.MaxPool2d(operation.size, operation.stride)
        case Flatten():
            return nn.Flatten()
        case Relu():
            return nn.ReLU(inplace=inplace)
        case _:
            raise TypeError(operation)
    with torch.no_grad():
        for name, values in operation.parameters.items():
            getattr(made, name).copy_(torch.from_numpy(values))
    return made


class Functional(nn.Module):
    """The reference network by functions, its parameters held in a dictionary."""

    def __init__(self, reference: ReferenceNetwork) -> None:
        super().__init__()
        self.operations = reference.operations
        self.kept = nn.ParameterDict(
            {
                f"{name}_{key}": torch.from_numpy(values.copy())
                for name, operation in reference.operations.items()
                for key, values in operation.parameters.items()
            }
        )

    def forward(self, x: Any) -> Any:
        functional = nn.functional
        for name, each in self.operations.items():
            own = [self.kept.get(f"{name}_{key}") for key in ("weight", "bias")]
            match each:
                case Convolution():
                    x = functional.conv2d(x, *own, stride=each.stride, padding=each.pad)
                case Dense():
                    x = functional.linear(x, *own)
                case MaxPool():
                    x = functional.max_pool2d(x, each.size, each.stride)
                case Flatten():
                    x = x.view(x.size(0), -1)
                case Relu():
                    x = x.clamp(min=0)
        return x
