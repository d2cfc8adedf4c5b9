"""Calls whose gradient times their input is relevance: see `vizframe.network.relevance`.

Each call keeps its value z; backward, each u that made it gets the gradient times f. With c the
gradient at its output, R = z · c is the relevance there, and

    out = z        ∂out/∂u = f = part / stab(u)        z = Σ parts

has at its input a · c' = a · ρ(w) · z c / stab(u), the share that the rule says. So one pass
forward and one backward hand the relevance through any net, skips and all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn import grad

from vizframe.network.relevance import FirstRule, RelevanceRule, RelevanceRules


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """The call as it is without a rule.

    Attributes:
        args, kwargs: of a program, resolved when it runs.
    """

    function: Callable[..., Any]

    def __call__(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        return self.function(*args, **kwargs)


@dataclass(frozen=True, slots=True, eq=False)
class Share:
    """A sum or mean: what it adds up shares by what it contributed."""

    made: Made
    rules: RelevanceRules

    def __call__(self, args: Any, kwargs: Any) -> Any:
        value = self.made(args, kwargs)
        return shared(value, [(value, value)], self.rules.epsilon)


@dataclass(frozen=True, slots=True, eq=False)
class PassOn:
    """An elementwise call: its relevance is that of its input."""

    made: Made
    rules: RelevanceRules

    def __call__(self, args: Any, kwargs: Any, source: Any) -> Any:
        with torch.no_grad():
            value = self.made(args, kwargs)
        return shared(value, [(source, value)], self.rules.epsilon)


@dataclass(frozen=True, slots=True, eq=False)
class Linear:
    """A convolution or dense layer, with the batch normalization behind it.

    Attributes:
        made: gives the value, of the normalization where there is one.
        layer: the layer's function, of what it reads, weight and bias.
        settings: its other arguments.
        eps: of the normalization.
        negative: whether it may read what is below zero.
        rectified: whether ReLUs alone read it: what is below zero has no relevance.
    """

    made: Made
    layer: Callable[..., Any]
    settings: Mapping[str, Any]
    rules: RelevanceRules
    rule: RelevanceRule
    first: FirstRule | None
    eps: float
    negative: bool
    rectified: bool

    def __call__(
        self,
        args: Any,
        kwargs: Any,
        reads: Any,
        weight: Any,
        bias: Any,
        norm: Mapping[str, Any] | None,
        ends: Sequence[Any],
    ) -> Any:
        with torch.no_grad():
            value = self.made(args, kwargs)
            weight, bias = self._merged(weight, bias, norm)
        if self.first is not None:
            return self._first(reads, weight, bias, ends, value)
        branches = self._branches(reads, weight, bias, value)
        return shared(value, branches, self.rules.epsilon)

    def _merged(self, weight: Any, bias: Any, norm: Mapping[str, Any] | None) -> tuple[Any, Any]:
        """Weight and bias, those of the normalization multiplied in."""
        if norm is None:
            return weight, bias
        mean, gamma, beta = norm["running_mean"], norm.get("weight"), norm.get("bias")
        scale = torch.rsqrt(norm["running_var"] + self.eps)
        scale = scale if gamma is None else scale * gamma
        shifted = (-mean if bias is None else bias - mean) * scale
        wide = scale.reshape(-1, *(1,) * (weight.ndim - 1))
        return weight * wide, shifted if beta is None else shifted + beta

    def _branches(self, reads: Any, weight: Any, bias: Any, value: Any) -> list[tuple[Any, Any]]:
        """Each u, and the part of z that it hands back."""
        if self.rule == "zplus":
            return [(self._by_sign(reads, weight, bias, 1, 0.0), value)]
        signs = (1,) if self.rectified else (1, -1)
        return [
            (self._by_sign(reads, weight, bias, sign, 1.0), (sign * value).clamp(min=0) * sign)
            for sign in signs
        ]

    def _by_sign(self, reads: Any, weight: Any, bias: Any, sign: int, share: float) -> Any:
        """What inputs above zero and weights of this sign give, and those below of the other.

        Args:
            share: how much of the weights themselves counts: 1 for gamma, and γ of their part of
                this sign; 0 for z⁺, and all of it.
        """
        most = self.rules.gamma if share else 1.0

        def changed(values: Any, sign: int) -> Any:
            return None if values is None else share * values + most * part_of(values, sign)

        upper = self._applied(part_of(reads, 1), changed(weight, sign), changed(bias, sign))
        if not self.negative:
            return upper
        return upper + self._applied(part_of(reads, -1), changed(weight, -sign), None)

    def _first(self, reads: Any, weight: Any, bias: Any, ends: Sequence[Any], value: Any) -> Any:
        """The value, which hands back by the box or the flat rule.

        What the ends of the box give is the same for all images, and is computed for one; back go
        both signs of the weights at once.
        """
        low, high, ones = (each.to(reads.dtype) for each in ends)
        with torch.no_grad():
            if self.first == "flat":
                ruled = torch.ones_like(weight)
                made = self._applied(ones[:1], ruled, None).expand_as(value)
                sources: tuple[Any, ...] = (ones,)
            else:
                plus, minus = part_of(weight, 1), part_of(weight, -1)
                still = self._applied(low[:1], plus, bias) + self._applied(high[:1], minus, None)
                made, ruled = value - still, torch.cat([plus, minus], dim=1)
                sources = (reads, low, high)
            factor = value / stable(made, self.rules.epsilon)
        return _Pixels.apply(self, value.detach(), factor, ruled, *sources)

    def back(self, gradient: Any, weight: Any, shape: Sequence[int]) -> Any:
        """What the layer with such a weight passes back to inputs of this shape."""
        if isinstance(self.settings.get("padding"), str):  # which may be of one side
            given = torch.zeros(tuple(shape), dtype=weight.dtype, device=weight.device)
            with torch.enable_grad():
                made = self._applied(given.requires_grad_(), weight, None)
                return torch.autograd.grad(made, given, gradient)[0]
        function = (grad.conv1d_input, grad.conv2d_input, grad.conv3d_input)[weight.ndim - 3]
        return function(tuple(shape), weight, gradient, **self.settings)

    def _applied(self, reads: Any, weight: Any, bias: Any) -> Any:
        return self.layer(reads, weight, bias, **self.settings)


class _Shared(torch.autograd.Function):
    """The value as it was; each branch gets the gradient times its factor."""

    @staticmethod
    def forward(ctx: Any, value: Any, *branches: Any) -> Any:
        ctx.save_for_backward(*branches[1::2])
        return value.clone()

    @staticmethod
    def backward(ctx: Any, gradient: Any) -> tuple[Any, ...]:
        found: list[Any] = [None]
        for factor in ctx.saved_tensors:
            found += [gradient * factor, None]
        return tuple(found)


class _Pixels(torch.autograd.Function):
    """A first layer's value; back go the shares of the pixels, and of the ends of the box."""

    @staticmethod
    def forward(ctx: Any, layer: Linear, value: Any, factor: Any, ruled: Any, *sources: Any) -> Any:
        ctx.save_for_backward(factor, ruled)
        ctx.layer, ctx.shape, ctx.box = layer, sources[0].shape, len(sources) == 3
        return value.clone()

    @staticmethod
    def backward(ctx: Any, gradient: Any) -> tuple[Any, ...]:
        factor, ruled = ctx.saved_tensors
        count, channels, *sizes = ctx.shape
        shape = count, channels * (2 if ctx.box else 1), *sizes
        found = ctx.layer.back(gradient * factor, ruled, shape)
        if not ctx.box:
            return None, None, None, None, found
        groups = ctx.layer.settings.get("groups", 1)
        apart = found.reshape(count, groups, 2, channels // groups, *sizes)
        above, under = (apart[:, :, each].reshape(ctx.shape) for each in (0, 1))
        return None, None, None, None, above + under, -above, -under


def stable(made: Any, epsilon: float) -> Any:
    """u away from zero by ε."""
    return made + torch.where(made >= 0, epsilon, -epsilon).to(made.dtype)


def shared(value: Any, branches: Sequence[tuple[Any, Any]], epsilon: float) -> Any:
    """``value``, which hands each u of the branches the share ``part / stab(u)``."""
    given = []
    with torch.no_grad():
        for made, part in branches:
            given += [made, part / stable(made, epsilon)]
    return _Shared.apply(value.detach(), *given)


def part_of(values: Any, sign: int) -> Any:
    """What of the values has this sign, zero elsewhere."""
    return torch.relu(values) if sign > 0 else -torch.relu(-values)
