"""A network's parameters as MXNet arrays: its own and no copies, so always the current ones.

Only half and double precision are copied, at each question, to single: MXNet cannot multiply
matrices of half precision on a CPU. Those of the NumPy interface are seen through arrays of the
older one, which share their numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from vizframe.errors import NetworkError
from vizframe.gluon.compat import mx
from vizframe.gluon.gradients import are_own
from vizframe.gluon.semantics import from_net_array
from vizframe.network import FloatArray

Arrays = Mapping[str, Any]
"""MXNet arrays by the parameter's full name."""


@dataclass(frozen=True, slots=True, eq=False)
class Parameters:
    """Where the arrays are found at each question.

    Attributes:
        arrays: gives all arrays by name. A cast or a move to another context makes new ones.
        gradients: gives the gradient of one parameter, or None where the model keeps none.
        context: the device they live on.
        array: gives one array by name, in its own precision; None: as ``arrays`` does.
        request: gives a parameter's ``grad_req``; ``null`` where no gradient is kept.
        updated: tells whether a Trainer holds it and multiplies its rate by more than 0; None where
            there is no Trainer.
        one: gives one array by name, as ``arrays`` does; None: that is asked for all of them.
    """

    arrays: Callable[[], Arrays]
    gradients: Callable[[str], Any]
    context: Any
    array: Callable[[str], Any] | None = None
    request: Callable[[str], str] = lambda _name: "null"
    updated: Callable[[str], bool | None] = lambda _name: None
    one: Callable[[str], Any] | None = None

    def current(self, name: str) -> Any:
        """One array, as `arrays` has it, without looking at the others: layers are asked for theirs
        one after the other."""
        return self.arrays()[name] if self.one is None else self.one(name)

    @classmethod
    def of_block(
        cls, net: Any, needed: Container[str] | None = None, *, keep: bool = True
    ) -> Parameters:
        """The parameters of a Gluon block that have values; a child that is never called may have
        none.

        Args:
            needed: the names of those that must have values; None for all.
            keep: whether copies in single precision stay the same objects.

        Raises:
            NetworkError: some of these have none yet; the message names the first.
        """
        owned = {}
        for name, parameter in net.collect_params().items():
            if parameter._data is not None:
                owned[name] = parameter
            elif needed is None or name in needed:
                raise NetworkError(
                    f"parameter {name!r} has no values yet; call net.initialize() and give the "
                    "network one batch"
                )
        contexts = next(iter(owned.values())).list_ctx() if owned else [mx.current_context()]
        context = contexts[0]

        single = _Single(keep)

        def arrays() -> Arrays:
            return {name: single(name, each.data(context)) for name, each in owned.items()}

        def one(name: str) -> Any:
            return single(name, owned[name].data(context))

        def gradient(name: str) -> Any:
            parameter = owned[name]
            kept = parameter._grad is not None and are_own(parameter)
            return parameter.grad(context) if kept else None

        def array(name: str) -> Any:
            return owned[name].data(context)

        def updated(name: str) -> bool | None:
            if all(each._trainer is None for each in owned.values()):
                return None
            return owned[name]._trainer is not None and owned[name].lr_mult != 0

        def request(name: str) -> str:
            return str(owned[name].grad_req)

        return cls(arrays, gradient, context, array, request, updated, one)

    @classmethod
    def of_arrays(cls, found: Arrays, context: Any) -> Parameters:
        """Fixed arrays, such as those of a file."""
        single = {name: _Single()(name, array) for name, array in found.items()}
        given = single.__getitem__
        return cls(lambda: single, lambda _name: None, context, given, one=given)

    def shuffle(self, seed: int, only: Container[str] | None = None) -> Parameters:
        """Copies whose values are drawn anew: each array's own values in another order.

        Args:
            only: the names of those to shuffle, in the order that they would have in any case;
                the others are copied as they are.
        """
        generator = np.random.default_rng(seed)
        copies = {}
        for name, array in sorted(self.arrays().items()):
            values = array.asnumpy()
            mixed = generator.permutation(values.ravel()).reshape(values.shape)
            mixed = mixed if only is None or name in only else values
            copies[name] = mx.nd.array(mixed, ctx=self.context, dtype=array.dtype)
        return Parameters.of_arrays(copies, self.context)


class _Single:
    """Arrays in single precision: themselves, or views or copies.

    Args:
        keep: whether a copy stays the same object, as a bound graph needs it; where a net computes
            with it by itself, oneDNN lays it out anew at any time, and refuses the next copy.
    """

    def __init__(self, keep: bool = True) -> None:
        self._keep = keep
        self._copies: dict[str, Any] = {}
        self._seen: dict[str, tuple[Any, Any]] = {}

    def __call__(self, name: str, array: Any) -> Any:
        if isinstance(array, mx.np.ndarray):
            if name not in self._seen or self._seen[name][0] is not array:
                self._seen[name] = array, from_net_array(array)
            array = self._seen[name][1]
        if array.dtype not in (np.float16, np.float64):
            return array
        if not self._keep:
            with mx.autograd.pause():
                return array.astype(np.float32)
        known = self._copies.get(name)
        if known is None or known.shape != array.shape or known.context != array.context:
            self._copies[name] = mx.nd.empty(array.shape, ctx=array.context)
        return array.copyto(self._copies[name])


def to_numpy(array: Any) -> FloatArray:
    """A copy in NumPy float32."""
    values: FloatArray = array.asnumpy().astype(np.float32, copy=False)
    return values
