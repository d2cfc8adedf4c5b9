"""A net that computes with other parameters than its own for a while, block by block."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from vizframe.gluon.compat import mx
from vizframe.gluon.graph.hooks import paths
from vizframe.gluon.graph.parameters import Arrays, Parameters
from vizframe.gluon.semantics import to_net_array

_SMALL = 1 << 16
"""Numbers of a parameter that is copied for every pass: a net may write to its statistics."""

_MOST = 1 << 27
"""Numbers of all of them up to which the large ones are copied too, to see which it writes to."""


@contextmanager
def lend_copies(net: Any) -> Iterator[None]:
    """Inside, what the net's code writes to its parameters is not written to them, as that of a
    plain Block may do before it finds that it was given a symbol."""
    with Lender(net, Parameters.of_block(net, (), keep=False)).lend():
        yield


class Lender:
    """Lends parameters to a net.

    What the net computes with are arrays of its own: what MXNet records is not of those that are
    trained. Small ones are copies, and large ones that the net was seen to write to.

    Attributes:
        lent: the arrays of the last pass, by the parameter's name.
    """

    def __init__(self, net: Any, parameters: Parameters) -> None:
        self._net, self._parameters = net, parameters
        self._written: set[str] | None = None
        self.lent: dict[str, Any] = {}

    @contextmanager
    def lend(self) -> Iterator[None]:
        """Inside, the net computes with these parameters, in predict mode, child by child also
        where it is hybridized. Only references change hands; all is given back."""
        net = self._net
        owned = [(each, each._data, each._trainer) for each in net.collect_params().values()]
        hybrid = [each for _, each in paths(net) if isinstance(each, mx.gluon.HybridBlock)]
        active = [each for each in hybrid if each._active]
        arrays = self._parameters.arrays()
        self.lent = self._copies(arrays)
        try:
            for block in active:
                block._active = False
            for parameter, own, _ in owned:
                if parameter.name in arrays:  # and not of a child that is never called
                    self._give(parameter, own)
            with mx.autograd.predict_mode():
                yield
            if self._written is None:
                self._written = _changed(arrays, self.lent)
        finally:
            for parameter, own, trainer in owned:
                parameter._data, parameter._trainer = own, trainer
            for block in active:
                block._active = True

    def _copies(self, arrays: Arrays) -> dict[str, Any]:
        is_large = sum(array.size for array in arrays.values()) > _MOST
        with mx.autograd.pause():
            return {
                name: array.copy()
                if array.size <= _SMALL or self._may_write(name, is_large)
                else array.detach()
                for name, array in arrays.items()
            }

    def _may_write(self, name: str, is_large: bool) -> bool:
        return not is_large if self._written is None else name in self._written

    def _give(self, parameter: Any, own: list[Any]) -> None:
        place = parameter.list_ctx().index(self._parameters.context)
        given = to_net_array(isinstance(own[place], mx.np.ndarray), self.lent[parameter.name])
        parameter._data = [*own[:place], given, *own[place + 1 :]]
        parameter._trainer = None  # it would be told of what is written


def _changed(former: Arrays, now: Arrays) -> set[str]:
    """The names of the large arrays that a pass has written to."""
    return {
        name
        for name, array in now.items()
        if array.size > _SMALL
        and not np.array_equal(array.asnumpy(), former[name].asnumpy(), equal_nan=True)
    }
