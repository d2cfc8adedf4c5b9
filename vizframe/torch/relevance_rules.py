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
            branches = [(self._first(reads, weight, bias, ends), value)]
        else:
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

    def _first(self, reads: Any, weight: Any, bias: Any, ends: Sequence[Any]) -> Any:
        """What the first layer would give by the box or the flat rule."""
        low, high, ones = (each.to(reads.dtype) for each in ends)
        if self.first == "flat":
            return self._applied(ones, torch.ones_like(weight), None)
        plus, minus = (
            (part_of(weight, sign), None if bias is None else part_of(bias, sign))
            for sign in (1, -1)
        )
        whole = self._applied(reads, weight, bias)
        return whole - self._applied(low, *plus) - self._applied(high, *minus)

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


def shared(value: Any, branches: Sequence[tuple[Any, Any]], epsilon: float) -> Any:
    """``value``, which hands each u of the branches the share ``part / stab(u)``."""
    given = []
    with torch.no_grad():
        for made, part in branches:
            stable = made + torch.where(made >= 0, epsilon, -epsilon).to(made.dtype)
            given += [made, part / stable]
    return _Shared.apply(value.detach(), *given)


def part_of(values: Any, sign: int) -> Any:
    """What of the values has this sign, zero elsewhere."""
    return torch.relu(values) if sign > 0 else -torch.relu(-values)
