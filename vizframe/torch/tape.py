"""A tape: the calls of PyTorch that a net makes for a batch, to be made again on another one.

    shadow(images) under a mode that sees every call of PyTorch as the script wrote it
        conv1(x)  ─►  node 3   torch.conv2d(node 0, leaf "conv1.weight", …)     path conv1
        x + y     ─►  node 9   Tensor.add(node 8, node 2)                       path layer1.0
        x.relu_() ─►  node 10  a new value, so that node 9 is still there

`vizframe.torch.tape_recorder` sees the calls; `vizframe.torch.replay` makes them again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch

from vizframe.errors import NetworkError
from vizframe.network import ReluRule
from vizframe.torch.node import NoTape, Tape
from vizframe.torch.ruled import Ruled
from vizframe.torch.shadow import Shadow, tensors_in
from vizframe.torch.tape_recorder import TapeRecorder


def trace(
    shadow: Shadow,
    call: Callable[[Any], Any],
    images: Any,
    *,
    live: bool = False,
    rule: ReluRule = "plain",
    ruled: Ruled | None = None,
) -> Tape:
    """What the shadow does for these images.

    Args:
        call: calls the shadow with images.
        live: for a net that no tape can play again: the nodes keep the values that they gave.
        rule: by which ReLUs pass gradients back, where ``live`` is true.
        ruled: calls that are made in the places of others, where ``live`` is true.

    Raises:
        NoTape: the net reads values as it runs, or does something else that no tape holds.
    """
    shadow.path.names.clear()
    recorder = TapeRecorder(shadow, images, live=live, rule=rule, ruled=ruled)
    tape = Tape(recorder.nodes, recorder.data, modules=recorder.modules)
    try:
        with recorder:
            output = call(images)
    except (NoTape, NetworkError):
        raise
    except Exception as error:  # whatever the net finds wrong with such images
        tape.broke = error
        return tape
    tape.output = recorder.index_of(scores_in(output))
    if tape.output is None and not live:
        raise NoTape("what it gives does not come from calls of PyTorch that can be seen")
    return tape


def scores_in(output: Any) -> Any:
    """The tensor of scores in whatever a net gives: its logits, or the first there is, also among
    the attributes of an object of the script's, or of a distribution."""
    if isinstance(output, torch.Tensor):
        return output
    inside = output if isinstance(output, Mapping) else getattr(output, "__dict__", {})
    logits = inside.get("logits")
    given = output if isinstance(output, list | tuple) else inside
    found = logits if logits is not None else next(tensors_in(given), None)
    if found is None:
        raise NoTape(f"it gives a {type(output).__name__}, in which there is no tensor")
    return found
