"""The graph as it acts when nothing is trained, and so that asking it leaves no trace.

A backward pass needs MXNet's training mode, in which BatchNorm would take batch statistics and
Dropout would draw: both are told here not to. Operators that draw random numbers in any mode would
move the state of MXNet's generator, and the training would go another way for having been looked
at: they become their mean. Half precision, which MXNet cannot compute on a CPU, becomes single.
"""

from __future__ import annotations

from collections.abc import Callable

from vizframe.errors import NetworkError
from vizframe.gluon.graph.graph import Node

_RRELU_BOUNDS = (("lower_bound", 0.125), ("upper_bound", 0.334))
_NORMALIZING = ("eps", "momentum", "fix_gamma", "output_mean_var")
_DRAWING = ("_random_", "_sample_", "sample_", "_npi_random", "_npi_normal", "_npi_uniform")


def for_inference(node: Node) -> Node:
    """The node as it acts when nothing is trained.

    Raises:
        NetworkError: it draws random numbers whose mean is not known from its attributes.
    """
    match node.operator:
        case "BatchNorm" | "BatchNorm_v1":
            return node.set(use_global_stats=True)
        case "_contrib_SyncBatchNorm":  # which has no such attribute that holds in training mode
            kept = {key: node.attributes[key] for key in _NORMALIZING if key in node.attributes}
            return Node("BatchNorm", node.name, {"eps": "0.001", **kept}, node.inputs).set(
                use_global_stats=True
            )
        case "IdentityAttachKLSparseReg":
            return Node("identity", node.name, {}, node.inputs[:1])
        case "Dropout" | "RNN":
            return node.set(p=0)
        case "LeakyReLU" if node.attributes.get("act_type") == "rrelu":
            return node.set(act_type="leaky", slope=_mean_of(node, *_RRELU_BOUNDS))
        case "Cast" | "amp_cast" if node.attributes.get("dtype") in ("float16", "float64"):
            return node.set(dtype="float32")
    return _average_of(node) if node.operator.startswith((*_DRAWING, "_shuffle")) else node


def _average_of(node: Node) -> Node:
    """What a random operator gives on average."""
    kind = node.operator.removeprefix("_random_").removesuffix("_like")
    if not node.operator.startswith("_random_") or kind not in _MEANS:
        raise NetworkError(
            f"operator {node.operator!r} of {node.name!r} draws random numbers; to ask it would "
            "change what the training draws next: call it outside of hybrid_forward"
        )
    mean = _MEANS[kind](node)
    if node.operator.endswith("_like"):
        return Node("_npi_full_like", node.name, {"fill_value": str(mean)}, node.inputs)
    kept = {key: node.attributes[key] for key in ("shape", "ctx") if key in node.attributes}
    return Node("_full", node.name, {**kept, "value": str(mean), "dtype": "float32"})


def _mean_of(node: Node, *bounds: tuple[str, float]) -> float:
    return sum(float(node.attributes.get(key, default)) for key, default in bounds) / len(bounds)


def _number(node: Node, key: str, default: float) -> float:
    return float(node.attributes.get(key, default))


_MEANS: dict[str, Callable[[Node], float]] = {
    "uniform": lambda node: _mean_of(node, ("low", 0.0), ("high", 1.0)),
    "normal": lambda node: _number(node, "loc", 0.0),
    "gamma": lambda node: _number(node, "alpha", 1.0) * _number(node, "beta", 1.0),
    "exponential": lambda node: 1 / _number(node, "lam", 1.0),
    "poisson": lambda node: _number(node, "lam", 1.0),
}
