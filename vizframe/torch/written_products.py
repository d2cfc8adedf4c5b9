"""Products with a weight that a net writes out, made by the call that a dense layer makes.

x @ weight                         linear(x, weight.t())           the same numbers
torch.mm(x, weight)                linear(x, weight.t())
torch.addmm(bias, x, weight)       linear(x, weight.t(), bias)
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Container, Mapping, Sequence
from typing import Any

import torch

_PRODUCTS = ("matmul", "__matmul__", "mm")


def linear_of(
    word: str, args: Sequence[Any], named: Mapping[str, Any], parameters: Container[int]
) -> Callable[[], Any] | None:
    """The call of `linear` that gives what the product gives; None where it is no product of what
    a net computes with a parameter, a matrix.

    Args:
        word: the function's name.
        parameters: the identities of the net's own.
    """
    if named:
        return None
    if word in _PRODUCTS and len(args) == 2:
        bias, (given, weight) = None, args
    elif word == "addmm" and len(args) == 3:
        bias, given, weight = args
        if id(bias) not in parameters or bias.ndim != 1:
            return None
    else:
        return None
    if id(weight) not in parameters or id(given) in parameters or weight.ndim != 2:
        return None
    return functools.partial(_linear, given, weight, bias)


def _linear(given: Any, weight: Any, bias: Any) -> Any:
    return torch.nn.functional.linear(given, weight.t(), bias)
