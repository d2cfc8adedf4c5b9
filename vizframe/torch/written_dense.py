"""Dense layers that are no `nn.Linear`: modules whose weight is (input, unit), or (unit, input),
and which multiply by it in whatever way, as GPT-2's ``Conv1D`` does by ``addmm``.

    module(x) = x @ weight + bias, of two random x        the module is seen to call `linear`

Only copies are called and changed, never a module of the model's.
"""

from __future__ import annotations

import functools
from typing import Any

import torch

from vizframe.torch.aside import aside

_MOST_VALUES = 1 << 26
"""Of a weight that is tried: what it takes is as long as the layer needs for six tokens."""


def see_as_dense(copy: Any) -> None:
    """Have the copy of a module call `linear`, where that is all it does."""
    given = _parameters(copy)
    if given is None:
        return
    names = weight, bias = given
    for is_turned in (True, False):
        if _is_linear(copy, getattr(copy, weight), bias and getattr(copy, bias), is_turned):
            forward = functools.partial(_call_linear, copy, names, is_turned=is_turned)
            copy.__dict__["forward"] = forward
            return


def _parameters(copy: Any) -> tuple[str, str | None] | None:
    """The names of a kernel and a bias, where a module that is none of PyTorch's has no more."""
    is_known = type(copy).__module__.startswith("torch.") or "forward" in copy.__dict__
    if is_known or copy._modules or copy._buffers:
        return None
    own = {name: each for name, each in copy._parameters.items() if each is not None}
    kernels = [name for name, each in own.items() if each.ndim == 2]
    biases = [name for name, each in own.items() if each.ndim == 1]
    if len(kernels) != 1 or len(biases) > 1 or len(own) != 1 + len(biases):
        return None
    fits = own[kernels[0]].is_floating_point() and 0 < own[kernels[0]].numel() <= _MOST_VALUES
    return (kernels[0], biases[0] if biases else None) if fits else None


def _is_linear(copy: Any, weight: Any, bias: Any, is_turned: bool) -> bool:
    kernel = weight.t() if is_turned else weight
    if bias is not None and bias.shape != kernel.shape[:1]:
        return False
    draw = torch.Generator().manual_seed(0)
    values = torch.randn((2, 3, kernel.shape[1]), generator=draw).to(weight)
    with aside(values.device):
        try:
            found = copy.forward(values)
        except Exception:  # it takes something else, or more
            return False
        wanted = torch.nn.functional.linear(values, kernel, bias)
        if not isinstance(found, torch.Tensor) or found.shape != wanted.shape:
            return False
        return bool(torch.allclose(found, wanted, 1e-4, 1e-5 * float(wanted.abs().max())))


def _call_linear(copy: Any, names: tuple[str, str | None], x: Any, *, is_turned: bool) -> Any:
    kernel, bias = getattr(copy, names[0]), None if names[1] is None else getattr(copy, names[1])
    return torch.nn.functional.linear(x, kernel.t() if is_turned else kernel, bias)
