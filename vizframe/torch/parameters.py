"""A model's parameters in NumPy: read, their gradients, and shuffled."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

import numpy as np
import torch

from vizframe.network import FloatArray
from vizframe.network.parameter import ParameterView
from vizframe.torch.aside import aside
from vizframe.torch.layers import kernel_values
from vizframe.torch.model import Model
from vizframe.torch.node import Node, Tape
from vizframe.torch.operators import name_of
from vizframe.torch.replay import program


def read_weights(
    model: Model, tape: Tape, node: int, own: Mapping[str, int]
) -> dict[str, FloatArray]:
    """The parameters of a node, by the nodes that give them: the model's own, or what a
    parametrization makes of these."""
    with aside(model.device):
        values = program(tape, own.values()).run({}, model.leaf, 1)
        made = tape.nodes[node]
        return {
            short: to_numpy(kernel_values(made, short, values[each])) for short, each in own.items()
        }


def read_gradients(
    model: Model, tape: Tape, node: int, own: Mapping[str, int]
) -> dict[str, FloatArray]:
    """The gradients of these parameters of the last training step, where the model keeps them."""
    found = {}
    for short, each in own.items():
        leaf, is_turned = _leaf_of(tape, each)
        gradient = None if leaf is None else model.gradient_of(leaf)
        if gradient is not None:
            with torch.no_grad():
                own_way = gradient.t() if is_turned else gradient
                found[short] = to_numpy(kernel_values(tape.nodes[node], short, own_way))
    return found


def _leaf_of(tape: Tape, index: int) -> tuple[str | None, bool]:
    """The parameter that a node gives, and whether it gives it turned: (input, unit) as (unit,
    input)."""
    node = tape.nodes[index]
    if node.leaf is None and name_of(node) == "t":
        return tape.nodes[node.inputs[0]].leaf, True
    return node.leaf, False


def view_parameter(
    model: Model, leaf: str, name: str, layer: str = "", node: Node | None = None
) -> ParameterView:
    """A parameter or buffer under training, in the model's own memory where that is the CPU's.

    Args:
        leaf: the model's own name of it.
        name: the one it is known by, ``layer.weight``.
        node: of the layer that it belongs to, which says what its axes are.
    """
    parameter, short = model.shadow.leaves[leaf], name.rpartition(".")[2]

    def shown(values: Any) -> Any:
        return values if node is None else kernel_values(node, short, values)

    def gradient() -> FloatArray | None:
        found = model.gradient_of(leaf)
        return None if found is None else _see(shown(found))

    return ParameterView(
        name,
        layer,
        tuple(shown(parameter()).shape),
        lambda: _see(shown(parameter())),
        gradient,
        is_trained=model.is_trained(leaf),
        is_updated=lambda: model.is_held(leaf),
    )


def _see(values: Any) -> FloatArray:
    """Without a copy where it is float32 on the CPU."""
    dense = values.to_dense() if values.layout != torch.strided else values
    found: FloatArray = _real(dense).detach().to("cpu", torch.float32).numpy()
    seen = found.view()
    seen.flags.writeable = False  # it may be the training's own memory
    return seen


def shuffle_tensors(model: Model, seed: int, kept: Container[str]) -> dict[str, Any]:
    """Every tensor of the model with its values in another order, but for those kept."""
    generator = np.random.default_rng(seed)
    shuffled = {}
    with torch.no_grad():
        for name, read in sorted(model.shadow.leaves.items()):
            own = read()
            order = torch.from_numpy(generator.permutation(own.numel())).to(own.device)
            if name not in kept:
                shuffled[name] = own.reshape(-1)[order].reshape(own.shape)
    return shuffled


def to_numpy(values: Any) -> FloatArray:
    """A copy in NumPy float32."""
    found: FloatArray = _real(values).detach().to(torch.float32).cpu().numpy()
    return np.array(found, np.float32, order="C")


def _real(values: Any) -> Any:
    """Of complex numbers how long they are; PyTorch warns where their imaginary part is dropped."""
    return values.abs() if values.is_complex() else values
