"""What a loss compared: the outputs of a net and the targets, as a loss Block was called with."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import numpy as np

from vizframe.gluon.compat import mx
from vizframe.network import FloatArray


def compared(
    model: Any, calls: Iterable[Any]
) -> tuple[FloatArray | None, Callable[[], FloatArray] | None]:
    """The targets, and a function that gives the outputs (which may have to be waited for); None
    where no Block beside the model was called with two arrays of one length.

    Args:
        calls: each with its ``block`` and ``inputs``, in their order.
    """
    for call in calls:
        arrays = [each for each in call.inputs if isinstance(each, mx.nd.NDArray)]
        if call.block is model or len(arrays) < 2 or not arrays[0].shape or not arrays[1].shape:
            continue
        outputs, targets = arrays[:2]
        if len(outputs) == len(targets):
            return _floats(targets), partial(_floats, outputs)
    return None, None


def _floats(array: Any) -> FloatArray:
    found: FloatArray = array.asnumpy().astype(np.float32, copy=False)
    return found
