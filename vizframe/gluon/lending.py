"""A net that computes with other parameters than its own for a while, block by block."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from vizframe.gluon.compat import mx
from vizframe.gluon.graph.hooks import paths
from vizframe.gluon.graph.parameters import Arrays, Parameters
from vizframe.gluon.semantics import to_net_array


@contextmanager
def lend_parameters(net: Any, parameters: Parameters) -> Iterator[None]:
    """Inside, the net computes with these parameters, in predict mode, child by child also where
    it is hybridized. Only references change hands; all is given back."""
    arrays: Arrays = parameters.arrays()
    owned = [(each, each._data) for each in net.collect_params().values()]
    hybrid = [each for _, each in paths(net) if isinstance(each, mx.gluon.HybridBlock)]
    active = [each for each in hybrid if each._active]
    try:
        for block in active:
            block._active = False
        for parameter, own in owned:
            place = parameter.list_ctx().index(parameters.context)
            if arrays[parameter.name] is not own[place]:
                lent = to_net_array(isinstance(own[place], mx.np.ndarray), arrays[parameter.name])
                parameter._data = [*own[:place], lent, *own[place + 1 :]]
        with mx.autograd.predict_mode():
            yield
    finally:
        for parameter, own in owned:
            parameter._data = own
        for block in active:
            block._active = True
