"""What the recorder asks of MXNet: see `vizframe.network.adapter.Adapter`, which this module is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from vizframe.errors import NetworkError, PluginError
from vizframe.gluon.call import batch_of
from vizframe.gluon.checkpoint import load_checkpoint, save_checkpoint
from vizframe.gluon.compat import mx
from vizframe.gluon.draws import draws_refused
from vizframe.gluon.frozen import freeze, thaw
from vizframe.gluon.module import is_bound, is_module, module_network, watch_module
from vizframe.gluon.semantics import numpy_interface
from vizframe.gluon.training.optimiser import optimiser
from vizframe.gluon.training.watch import watch_trainings
from vizframe.graph.settings import GIBIBYTE
from vizframe.network import FloatArray, Network
from vizframe.network.adapter import Seen
from vizframe.network.call import Call
from vizframe.network.masked import Change

__all__ = [
    "freeze",
    "is_ready",
    "load_weights",
    "network",
    "number",
    "optimiser",
    "preserve_state",
    "save_weights",
    "settle",
    "thaw",
    "to_array",
    "watch",
    "watch_trainings",
]


def network(
    model: object,
    inputs: FloatArray,
    class_names: Sequence[str] | None = None,
    memory: int | None = None,
    call: Call | None = None,
) -> Network:
    """The Block or Module, traced for inputs of this shape. Raises NetworkError where that
    fails."""
    from vizframe.gluon.view import view

    names = None if class_names is None else tuple(class_names)
    room = GIBIBYTE if memory is None else memory
    asked = call or Call()
    if is_module(model):
        shape = inputs.shape[1:]
        return module_network(model, shape, class_names=names, memory=room, call=asked)
    return view(_block(model), inputs.shape[1:], class_names=names, memory=room, call=asked)


def is_ready(model: object) -> bool:
    """Whether every parameter has values: none waits for its shape, none is uninitialised."""
    if is_module(model):
        return is_bound(model)
    return all(
        parameter._data is not None  # its public reader raises, or waits
        for parameter in _block(model).collect_params().values()
    )


def watch(model: object, seen: Seen) -> Callable[[], None]:
    """Call ``seen`` with what the model was given, after each forward pass."""
    if is_module(model):
        return watch_module(model, seen)

    def passed(_block: object, inputs: tuple[object, ...], _output: object) -> None:
        if inputs and not isinstance(inputs[0], mx.sym.Symbol):  # while it is traced
            seen(lambda: batch_of(model, inputs), mx.autograd.is_recording())

    handle = _block(model).register_forward_hook(passed)
    detach: Callable[[], None] = handle.detach
    return detach


def to_array(value: object) -> FloatArray:
    """An NDArray, or a list of these or of numbers, in NumPy float32."""
    if isinstance(value, (list, tuple)):
        return np.stack([to_array(each) for each in value])
    values = value.asnumpy() if isinstance(value, mx.nd.NDArray) else np.asarray(value)
    return np.asarray(values, np.float32)


def number(value: object) -> float:
    """The mean of an array of MXNet or NumPy, or of a list of these."""
    if isinstance(value, (list, tuple)):
        return float(np.mean([number(each) for each in value]))
    values = value.asnumpy() if isinstance(value, mx.nd.NDArray) else np.asarray(value)
    return float(values.mean())


def load_weights(model: object, path: Path) -> None:
    """Give the Block the parameters of a ``.params`` file, by their names or by structure."""
    load_checkpoint(_block(model), path)


def save_weights(model: object, folder: Path, change: Change) -> Path:
    """Write the Block's parameters, some of them changed, as ``save_parameters`` does."""
    path = folder / "weights.params"
    save_checkpoint(_block(model), path, change)
    return path


def settle() -> None:
    """Wait until MXNet, which works in the background, has nothing left to do."""
    mx.nd.waitall()


@contextmanager
def preserve_state() -> Iterator[None]:
    """Nothing inside is recorded for differentiation, nor counts as training; a script's
    ``npx.set_np()`` does not hold there. Whatever was switched inside is as before, and who seeds
    the random numbers of the training there, or draws of them, is told not to: MXNet cannot give
    their state back."""
    recording, training = mx.autograd.is_recording(), mx.autograd.is_training()
    try:
        with _no_seeding(), draws_refused(), mx.autograd.pause(), numpy_interface(False):
            yield
    finally:
        mx.autograd.set_recording(recording)
        mx.autograd.set_training(training)


class _NoLibrary:
    """Stands in the place of MXNet's library, and refuses what is asked of it."""

    def __getattr__(self, name: str) -> NoReturn:
        raise PluginError(
            "MXNet's random numbers were to be seeded, which are those of the training; draw from "
            "numpy.random.default_rng(scene.seed)"
        )


@contextmanager
def _no_seeding() -> Iterator[None]:
    """Inside, MXNet's random numbers cannot be seeded: every way to do so ends in `mx.random`,
    which does nothing else with its library."""
    library = mx.random._LIB
    mx.random._LIB = _NoLibrary()
    try:
        yield
    finally:
        mx.random._LIB = library


def _block(model: object) -> Any:
    if isinstance(model, mx.gluon.Block):
        return model
    raise NetworkError(
        f"the model is a {type(model).__name__}; it can be a gluon.Block or a Module"
    )
