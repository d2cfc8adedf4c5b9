"""ReLUs that pass gradients back by another rule (Springenberg et al. 2014, figure 1)."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Any

import torch

from vizframe.network import ReluRule


def differentiable(function: Callable[..., Any]) -> Callable[..., Any]:
    """A recurrent layer's function, which cuDNN differentiates in training mode alone: where
    gradients are kept, PyTorch's own kernels run instead."""

    def run(*args: Any, **kwargs: Any) -> Any:
        if not torch.is_grad_enabled():
            return function(*args, **kwargs)
        with torch.backends.cudnn.flags(enabled=False):
            return function(*args, **kwargs)

    return run


class _RuledRelu(torch.autograd.Function):
    """min(max(0, input), most), with a rule backward: see `vizframe.network.ReluRule`."""

    @staticmethod
    def forward(ctx: Any, given: Any, rule: ReluRule, most: float) -> Any:
        output = given.clamp(min=0) if most == inf else given.clamp(min=0, max=most)
        ctx.save_for_backward(output)
        ctx.rule, ctx.most = rule, most
        return output

    @staticmethod
    def backward(ctx: Any, gradient: Any) -> tuple[Any, None, None]:
        (output,) = ctx.saved_tensors
        return relu_gradient(ctx.rule, output, gradient, ctx.most), None, None


def relu_gradient(rule: ReluRule, output: Any, gradient: Any, most: float = inf) -> Any:
    """What a ReLU that gave ``output``, at most so much, passes back."""
    above = output > 0
    if most < inf:
        above = above & (output < most)
    upward = gradient.clamp(min=0)
    if rule == "deconvnet":
        return upward
    if rule == "guided":
        return upward * above
    if rule == "redirected":
        if most < inf:  # what is at its most passes what would lower it
            at_most = output >= most
            gradient = torch.where(at_most, gradient.clamp(max=0), gradient)
            above = above | at_most
        return torch.where(above, gradient, upward)
    return gradient * above


def ruled_relu(given: Any, rule: ReluRule, most: float = inf) -> Any:
    """A ReLU that follows the rule."""
    return _RuledRelu.apply(given, rule, most)
