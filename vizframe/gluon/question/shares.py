"""The operator that keeps a value and hands its relevance to what made it: see `relevance`.

    out = z        ∂out/∂u = z / stab(u)

As operators of MXNet's own it would take ten passes over each map forward and back, and the memory
of as many. This one copies forward; back it goes through blocks that stay in the processor's cache.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np

from vizframe.gluon.arrays.host import memory_of
from vizframe.gluon.compat import mx
from vizframe.gluon.graph.relevance import OPERATOR, Rule
from vizframe.gluon.graph.rules import OwnOperator

BLOCK = 1 << 16
"""Numbers of each array that are worked on at once."""


def share(rule: Rule, value: Any, made: Any, gradient: Any, epsilon: float) -> Any:
    """``c · z / stab(u)``, of arrays of NumPy or of MXNet: away from zero by ε, to u's side."""
    if rule == "above":  # where the value is not, any number does that is not zero
        return rectified(value) / (rectified(made) + epsilon) * gradient
    if rule == "never below":
        return value / (made + epsilon) * gradient
    return value / (made + ((made >= 0) * np.float32(2 * epsilon) - epsilon)) * gradient


def both_shares(
    value: Any, part: Any, gradient: Any, epsilon: float, gamma: float
) -> tuple[Any, Any]:
    """What the value and its part p hand back, where values above zero are made by z + γ p, and
    those below by (1 + γ) z − γ p: p is what speaks for the unit, z − p against it."""
    more = part * gamma
    above = rectified(value) / (rectified(value + more) + epsilon) * gradient
    under = rectified(-value) / (rectified(more - value * (1 + gamma)) + epsilon) * gradient
    return above + under * (1 + gamma), (above - under) * gamma


def rectified(values: Any) -> Any:
    return np.maximum(values, 0) if isinstance(values, np.ndarray) else mx.nd.relu(values)


class _Share(OwnOperator):
    def __init__(self, rule: Rule, epsilon: float, gamma: float) -> None:
        super().__init__()
        self._rule, self._epsilon, self._gamma = rule, epsilon, gamma

    def forward(
        self,
        is_train: bool,
        req: Sequence[str],
        in_data: Sequence[Any],
        out_data: Sequence[Any],
        aux: Sequence[Any],
    ) -> None:
        self.assign(out_data[0], req[0], in_data[0])

    def backward(
        self,
        req: Sequence[str],
        out_grad: Sequence[Any],
        in_data: Sequence[Any],
        out_data: Sequence[Any],
        in_grad: Sequence[Any],
        aux: Sequence[Any],
    ) -> None:
        if out_grad[0].context.device_type != "cpu":
            for kind, into, values in zip(
                req, in_grad, self._shares(in_data, out_grad[0]), strict=True
            ):
                self.assign(into, kind, values)
            return
        given = [memory_of(each).ravel() for each in in_data]
        gradient = memory_of(out_grad[0]).ravel()
        wanted = [
            (kind, memory_of(each).ravel() if kind != "null" else None)
            for kind, each in zip(req, in_grad, strict=True)
        ]
        with np.errstate(all="ignore"):
            for start in range(0, gradient.size, BLOCK):
                part = slice(start, start + BLOCK)
                found = self._shares([each[part] for each in given], gradient[part])
                for (kind, into), values in zip(wanted, found, strict=True):
                    _assign(into, part, kind, values)

    def _shares(self, given: Sequence[Any], gradient: Any) -> Sequence[Any]:
        """One for each input."""
        if self._rule == "both":
            value, part = given
            return both_shares(value, part, gradient, self._epsilon, self._gamma)
        found = share(self._rule, given[0], given[-1], gradient, self._epsilon)
        return [found] if self._rule == "own" else [None, found]  # nothing asks for the first


def _assign(into: Any, part: slice, kind: str, values: Any) -> None:
    if kind == "add":
        into[part] += values
    elif kind != "null":
        into[part] = values


# What its backward pass needs is not narrowed: MXNet goes by one operator's for all (see
# `Graph.symbol`), and what another one needs may be missing here.
@mx.operator.register(OPERATOR)
class _ShareProperties(mx.operator.CustomOpProp):  # type: ignore[misc]  # MXNet ships no types
    def __init__(self, rule: str, epsilon: str, gamma: str = "0") -> None:
        super().__init__(need_top_grad=True)
        self._rule = cast(Rule, rule)
        self._epsilon, self._gamma = float(epsilon), float(gamma)

    def list_arguments(self) -> list[str]:
        return ["value"] if self._rule == "own" else ["value", "made"]

    def list_outputs(self) -> list[str]:
        return ["output"]

    def infer_shape(self, in_shape: Sequence[Any]) -> tuple[Any, ...]:
        return [in_shape[0]] * len(in_shape), [in_shape[0]], []

    def create_operator(self, ctx: Any, in_shapes: Any, in_dtypes: Any) -> _Share:
        return _Share(self._rule, self._epsilon, self._gamma)
