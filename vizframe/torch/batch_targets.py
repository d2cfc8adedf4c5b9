"""What a batch was to be learned as: its labels, and what the loss compared with."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from vizframe.network import FloatArray
from vizframe.network.adapter import Batch
from vizframe.torch.shadow import tensors_in

Labels = npt.NDArray[np.int64]


def with_targets(found: Batch, target: Any, labels: Labels | None, output: Any) -> Batch:
    """The batch with what the loss compared: the targets that it keeps, else labels given
    elsewhere.

    Args:
        target: that the loss keeps, if any.
        output: of the net, if known.
    """
    count = len(found.inputs)
    if target is not None and target.ndim and len(target) == count:
        targets: FloatArray = _floats(target).copy()
        if target.ndim == 1 and target.dtype == torch.int64:
            labels = target.cpu().numpy().copy()
        elif labels is None and _chooses_one(targets):
            labels = targets.argmax(1)
    elif labels is None:
        return found
    else:
        targets = labels.astype(np.float32)
    fits = output is not None and output.ndim >= 1 and len(output) == count
    outputs = functools.partial(_floats, output) if fits else None
    return replace(found, labels=labels, targets=targets, outputs=outputs)


def labels_among(given: Iterable[Any], count: int) -> Labels | None:
    """The first vector of whole numbers, one for each image."""
    for tensor in tensors_in(list(given)):
        if tensor.shape == (count,) and tensor.dtype == torch.int64:
            labels: Labels = tensor.detach().cpu().numpy().copy()
            return labels
    return None


def comes_from(found: Batch, drawn: Any) -> bool:
    """Whether what a net was given may be what a loader gave, by its shape: resized, flattened, cut
    off. Noise that a generator is given beside it is not, and has none of its labels."""
    inputs = found.inputs
    return any(_resembles(inputs, "int" in found.call.dtype, each) for each in tensors_in(drawn))


def _resembles(inputs: FloatArray, are_words: bool, drawn: Any) -> bool:
    if drawn.ndim < 2 or len(drawn) != len(inputs):
        return bool(drawn.ndim == 1 and inputs.size == drawn.numel())
    if drawn.numel() == inputs.size:
        return True
    channels = bool(drawn.shape[1] == inputs.shape[1])
    return bool(drawn.ndim == inputs.ndim) and (channels or are_words)


def _floats(tensor: Any) -> FloatArray:
    found: FloatArray = tensor.to(torch.float32).cpu().numpy()
    return found


def _chooses_one(targets: FloatArray) -> bool:
    """Whether each row is 1 for one class of several, and 0 for the others."""
    is_table = targets.ndim == 2 and targets.shape[1] > 1
    return is_table and bool(np.isin(targets, (0, 1)).all() and (targets.sum(1) == 1).all())
