"""Whether a net is given (time, batch), as PyTorch's recurrent layers read by default."""

from __future__ import annotations

from typing import Any

import torch

from vizframe.errors import VizframeError
from vizframe.network.call import Array, Call
from vizframe.torch.axes import labels_of
from vizframe.torch.model import Model
from vizframe.torch.node import Node, Tape
from vizframe.torch.operators import kind_of, reads
from vizframe.torch.wrapped import unwrap


def has_time_first(model: Any, images: Array, call: Call) -> bool:
    """Whether the axis that is taken for that of the images is the one of time where it meets a
    recurrent layer that reads (time, image, feature). False where no tape holds what the net does.

    Args:
        images: as the call has them, the axis of the images taken for the first.
    """
    layers = [each for each in unwrap(model).modules() if isinstance(each, torch.nn.RNNBase)]
    if images.ndim < 2 or all(each.batch_first for each in layers):
        return False
    try:
        tape = Model.of(model, call).trace(images.shape[1:])
    except VizframeError:  # said where the network is asked for
        return False
    return any(_reads_images_as_time(tape, node) for node in tape.nodes)


def _reads_images_as_time(tape: Tape, node: Node) -> bool:
    if kind_of(node) != "recurrent" or not node.args or node.args[-1] is not False:
        return False
    sources = [labels for index in reads(node)[:1] if (labels := labels_of(tape).get(index))]
    return any(len(labels) == 3 and labels[0].name == "batch" for labels in sources)
