"""The Network of any module of PyTorch."""

from __future__ import annotations

from typing import Any

from vizframe.errors import NetworkError
from vizframe.graph.settings import Settings
from vizframe.network import Network
from vizframe.network.call import Call
from vizframe.torch.calls import argument_names
from vizframe.torch.model import Model
from vizframe.torch.network import TorchNetwork
from vizframe.torch.tape import NoTape


def view(model: object, input_shape: tuple[int, ...], **options: Any) -> Network:
    """The Network of a module, on a tape.

    Args:
        model: compiled, data-parallel or not; its parameters have values.
        input_shape: of one image, without the batch axis.
        options: those of `vizframe.graph.settings.Settings`.

    Raises:
        NetworkError: it cannot be called with such inputs, or not be seen into.
    """
    settings = Settings(tuple(input_shape), **options)
    found = Model.of(model)
    found.call = _call(found.module, settings)
    found.integers = "int" in found.call.dtype
    try:
        return TorchNetwork(found, settings)
    except NoTape as error:
        raise NetworkError(f"the network {found.name!r} cannot be traced: {error}") from error


def _call(module: Any, settings: Settings) -> Call:
    """How the module is called: as it was seen, and with what a user gives beside the images."""
    seen = settings.call
    if not settings.others and not settings.input:
        return seen
    names = seen.names or (*argument_names(module)[:1], *settings.others)
    return settings.complete_call(names)
