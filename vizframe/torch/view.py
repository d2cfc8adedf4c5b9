"""The Network of any module of PyTorch."""

from __future__ import annotations

import logging
from typing import Any

from vizframe.graph.settings import Settings
from vizframe.network import Network
from vizframe.network.call import Call
from vizframe.torch.calling import argument_names
from vizframe.torch.live import LiveNetwork
from vizframe.torch.model import Model, are_words
from vizframe.torch.network import TorchNetwork
from vizframe.torch.node import NoTape

log = logging.getLogger("vizframe")


def view(model: object, input_shape: tuple[int, ...], **options: Any) -> Network:
    """The Network of a module: by a tape of it where one can be made, else by running it.

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
    found.integers = are_words(found.call.dtype, settings.input_shape)
    try:
        return TorchNetwork(found, settings)
    except NoTape as error:
        log.debug("%s runs at each question: %s", found.name, error)
    return LiveNetwork(found, settings)


def _call(module: Any, settings: Settings) -> Call:
    """How the module is called: as it was seen, and with what a user gives beside the images."""
    seen = settings.call
    if not settings.others and not settings.input:
        return seen
    names = seen.names or (*argument_names(module)[:1], *settings.others)
    return settings.complete_call(names)
