"""The layout in memory of a model's parameters, which a forward pass in predict mode changes.

oneDNN re-lays a convolution's or a dense layer's weights in place, so that the next pass finds them
as it wants them. Most of MXNet reads such an array without a word; a dist kvstore's push, DLPack
and shared memory cannot (``!IsMKLDNNData()``), and in a push the error is lost on a thread of the
engine: the server never gets the key, and every worker waits for it for ever. MXNet's own training
forward puts the weights back for that reason; whoever asks between that and the update has to.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterable
from typing import Any

from vizframe.gluon.compat import mx


def restore_layout(parameters: Iterable[Any], outputs: Iterable[Any]) -> None:
    """Put the parameters back into MXNet's own layout; their numbers stay bit for bit.

    Args:
        outputs: all that the pass computed. They are waited for: MXNet re-lays behind the operator
            that asked for it.
    """
    for output in outputs:
        output.wait_to_read()
    pointer = ctypes.c_void_p()
    for array in parameters:
        array.wait_to_read()
        # The one function of MXNet's C interface that reorders in place; a look where that is done.
        mx.base.check_call(mx.base._LIB.MXNDArrayGetData(array.handle, ctypes.byref(pointer)))
