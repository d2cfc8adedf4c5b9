"""What a loss was compared with, read from the graph that differentiation keeps of it.

So nothing of PyTorch is wrapped for it: whether a script calls a loss module or a function on
tensors of its own, the node of the loss holds the targets until the backward pass has been.

    loss.grad_fn ─► … ─► NllLossBackward0, which keeps ``target`` ─► LogSoftmaxBackward0 ─► …
"""

from __future__ import annotations

from collections import deque
from typing import Any

import torch

_MOST_NODES = 24
"""How many nodes from the loss on are looked at: a sum of a few losses, scaled and weighed."""


def target_of(loss: Any) -> Any:
    """The targets of a loss, as the tensor they are; None where no node near it keeps any."""
    waiting = deque([getattr(loss, "grad_fn", None)])
    for _ in range(_MOST_NODES):
        if not waiting:
            return None
        node = waiting.popleft()
        if node is None:
            continue
        if hasattr(type(node), "_raw_saved_target"):
            return _kept(node)
        waiting.extend(each for each, _ in node.next_functions)
    return None


def _kept(node: Any) -> Any:
    """What the node keeps. Where the script has hooks of its own on what is kept, these are not
    called once more."""
    try:
        if getattr(node._raw_saved_target, "unpack_hook", None) is not None:
            return None
        found = node._saved_target
    except RuntimeError:  # freed by a backward pass before this one, or written into since
        return None
    return found.detach() if isinstance(found, torch.Tensor) else None
