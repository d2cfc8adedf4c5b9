"""ReLUs that pass gradients back by another rule (Springenberg et al. 2014, figure 1).

MXNet has no such operators, so a CustomOp takes the ReLU's place in the graph. It calls these
methods with keywords: the names of their arguments are MXNet's.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import Any, cast

from vizframe.gluon.compat import mx
from vizframe.gluon.graph.graph import Entry, Node
from vizframe.network import ReluRule

OPERATOR = "vizframe_relu"


def relu_gradient(rule: ReluRule, above: Any, gradient: Any) -> Any:
    """What a ReLU passes back of a gradient R, where ``above`` is 1 for f > 0 and 0 elsewhere."""
    if rule == "deconvnet":
        return mx.nd.relu(gradient)
    if rule == "guided":
        return above * mx.nd.relu(gradient)
    if rule == "redirected":
        return above * gradient + (1 - above) * mx.nd.relu(gradient)
    return above * gradient


def split_output_gradients(rule: ReluRule, gradient: Any) -> list[Any]:
    """What the rule passes back of a gradient whatever f is, and what it passes where f > 0: with
    ``above`` as in `relu_gradient`, that is the first plus ``above`` times the second."""
    upward = mx.nd.relu(gradient)
    none = mx.nd.zeros_like(gradient)
    if rule == "deconvnet":
        return [upward, none]
    if rule == "guided":
        return [none, upward]
    if rule == "redirected":
        return [upward, gradient - upward]
    return [none, gradient]


def is_relu(node: Node) -> bool:
    """Whether the operator alone is max(0, x), by whatever name."""
    attributes = node.attributes
    match node.operator:
        case "relu":
            return True
        case "Activation":
            return attributes.get("act_type") == "relu"
        case "LeakyReLU":
            leaky = attributes.get("act_type", "leaky") == "leaky"
            return leaky and float(attributes.get("slope", "0.25")) == 0
        case "_maximum_scalar":
            return float(attributes.get("scalar", "nan")) == 0
    return False


def is_bounded_relu(node: Node) -> bool:
    """Whether it is a ReLU that gives no more than some number, as MobileNet's ReLU6 does."""
    if node.operator != "clip":
        return False
    low, high = (float(node.attributes.get(key, "0")) for key in ("a_min", "a_max"))
    return low == 0 < high


def as_ruled(node: Node, source: Entry, rule: ReluRule) -> Node:
    """What takes the place of a node that is the ReLU of the source, following the rule."""
    attributes = {"op_type": OPERATOR, "rule": rule}
    if is_bounded_relu(node):
        attributes["most"] = node.attributes["a_max"]
    return Node("Custom", node.name, attributes, (source,))


class OwnOperator(mx.operator.CustomOp):  # type: ignore[misc]  # MXNet ships no types
    """One of ours, which acts alike in both of MXNet's modes."""


class _Relu(OwnOperator):
    def __init__(self, rule: ReluRule, most: float) -> None:
        super().__init__()
        self._rule, self._most = rule, most

    def forward(
        self,
        is_train: bool,
        req: Sequence[str],
        in_data: Sequence[Any],
        out_data: Sequence[Any],
        aux: Sequence[Any],
    ) -> None:
        self.assign(out_data[0], req[0], mx.nd.clip(in_data[0], 0, self._most))

    def backward(
        self,
        req: Sequence[str],
        out_grad: Sequence[Any],
        in_data: Sequence[Any],
        out_data: Sequence[Any],
        in_grad: Sequence[Any],
        aux: Sequence[Any],
    ) -> None:
        above, gradient = out_data[0] > 0, out_grad[0]
        if self._most < inf:
            above = above * (out_data[0] < self._most)
            if self._rule == "redirected":  # what is at its most passes what would lower it
                gradient = mx.nd.where(out_data[0] < self._most, gradient, -mx.nd.relu(-gradient))
                above = mx.nd.broadcast_maximum(above, out_data[0] >= self._most)
        self.assign(in_grad[0], req[0], relu_gradient(self._rule, above, gradient))


@mx.operator.register(OPERATOR)
class _ReluProperties(mx.operator.CustomOpProp):  # type: ignore[misc]  # MXNet ships no types
    def __init__(self, rule: str, most: str = "inf") -> None:
        super().__init__(need_top_grad=True)
        self._rule, self._most = rule, float(most)

    def list_arguments(self) -> list[str]:
        return ["data"]

    def list_outputs(self) -> list[str]:
        return ["output"]

    def infer_shape(self, in_shape: Sequence[Any]) -> tuple[Any, ...]:
        return [in_shape[0]], [in_shape[0]], []

    def create_operator(self, ctx: Any, in_shapes: Any, in_dtypes: Any) -> _Relu:
        return _Relu(cast(ReluRule, self._rule), self._most)
