"""What a loss was compared with, read from the graph that differentiation keeps of it.

So nothing of PyTorch is wrapped for it: whether a script calls a loss module or a function on
tensors of its own, the node of the loss holds the targets until the backward pass has been. A
function of PyTorch's that is wrapped can no longer be compiled by `torch.jit.script`.

    loss.grad_fn ─► … ─► NllLossBackward0, which keeps ``target`` ─► LogSoftmaxBackward0 ─► …
                    … ─► MulBackward0, which keeps probabilities ─► LogSoftmaxBackward0 ─► …
                    … ─► GatherBackward0, which keeps the classes ─► LogSoftmaxBackward0 ─► …
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any

import torch

_MOST_NODES = 24
"""How many nodes from the loss on are looked at: a sum of a few losses, scaled and weighed."""


def target_of(loss: Any) -> Any:
    """The targets of a loss, as the tensor they are; None where no node near it keeps any. Those
    of a loss of PyTorch's own come before what is chosen of, or multiplied by, log-probabilities,
    which a term beside the loss may do as well."""
    passed = []
    for node in _nodes(getattr(loss, "grad_fn", None)):
        if hasattr(type(node), "_raw_saved_target"):
            return _kept(node, "target")
        passed.append(node)
    found = (_beside_log_probabilities(node) for node in passed)
    return next((each for each in found if each is not None), None)


def _nodes(first: Any) -> Iterator[Any]:
    """The nodes from there on, nearest first."""
    waiting = deque([first])
    for _ in range(_MOST_NODES):
        if not waiting:
            return
        node = waiting.popleft()
        if node is not None:
            yield node
            waiting.extend(each for each, _ in node.next_functions)


def _beside_log_probabilities(node: Any) -> Any:
    """What log-probabilities are multiplied by or chosen with: probabilities of classes, as
    `cross_entropy` and `kl_div` take them too, or the classes themselves."""
    inputs = [None if each is None else each.name() for each, _ in node.next_functions]
    if "LogSoftmaxBackward0" not in inputs:
        return None
    match node.name():
        case "MulBackward0" if None in inputs:
            return _kept(node, ("self", "other")[inputs.index(None)])
        case "GatherBackward0":
            index = _kept(node, "index")
            return index[:, 0] if index is not None and index.shape[1:] == (1,) else None
    return None


def _kept(node: Any, name: str) -> Any:
    """What the node keeps. Where the script has hooks of its own on what is kept, these are not
    called once more."""
    try:
        if getattr(getattr(node, f"_raw_saved_{name}"), "unpack_hook", None) is not None:
            return None
        found = getattr(node, f"_saved_{name}")
    except RuntimeError:  # freed by a backward pass before this one, or written into since
        return None
    return found.detach() if isinstance(found, torch.Tensor) else None
