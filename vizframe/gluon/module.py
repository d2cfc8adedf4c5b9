"""A Module of MXNet's symbolic interface as plugins see it, while it trains.

    Module ─ its symbol ─► Graph,   its first executor's arrays ─► Parameters

The arrays are the module's own, so always the current ones. Of a BucketingModule, that is the
bucket in use: all buckets share their parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from vizframe.errors import NetworkError
from vizframe.gluon.call import HeldBatch, batch_of_module, current
from vizframe.gluon.compat import mx
from vizframe.gluon.graph.parameters import Arrays, Parameters
from vizframe.gluon.graph.trace import trace_symbol
from vizframe.gluon.network import GluonNetwork
from vizframe.graph.settings import Settings
from vizframe.network import FloatArray
from vizframe.network.adapter import Seen


def is_module(model: object) -> bool:
    """Whether the model is a Module, or a BucketingModule."""
    return isinstance(model, (mx.mod.Module, mx.mod.BucketingModule))


def is_bound(module: Any) -> bool:
    """Whether its parameters have values, in an executor."""
    return bool(module.binded and module.params_initialized)


def module_network(module: Any, input_shape: tuple[int, ...], **options: Any) -> GluonNetwork:
    """The view of a module that is bound; ``options`` are those of `Settings`.

    Raises:
        NetworkError: it has several outputs that are no layers, or no values yet.
    """
    if not is_bound(module):
        raise NetworkError("the module has no values yet; bind it and call init_params() first")
    used = current(module)
    trace = trace_symbol(used.symbol, tuple(used.data_names))
    settings = Settings(tuple(input_shape), **options)
    return GluonNetwork(type(module).__name__, trace, _parameters(module), settings)


def watch_module(module: Any, seen: Seen) -> Callable[[], None]:
    """Call ``seen`` with each batch that the module is given."""
    original = module.forward

    def forward(data_batch: Any, is_train: Any = None) -> Any:
        batch = HeldBatch.of(data_batch)
        result = original(data_batch, is_train)
        is_training = module.for_training if is_train is None else is_train
        seen(partial(batch_of_module, module, batch), bool(is_training))
        return result

    module.forward = forward
    return partial(delattr, module, "forward")


def _parameters(module: Any) -> Parameters:
    def executor() -> Any:
        return current(module)._exec_group.execs[0]

    def arrays() -> Arrays:
        found = executor()
        names: Sequence[str] = current(module)._exec_group.param_names
        own = {name: found.arg_dict[name] for name in names if name in found.arg_dict}
        return {**own, **found.aux_dict}

    def gradient(name: str) -> FloatArray | None:
        return executor().grad_dict.get(name)  # type: ignore[no-any-return]

    return Parameters(arrays, gradient, current(module)._context[0])
