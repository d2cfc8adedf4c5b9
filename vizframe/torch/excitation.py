"""A question asked many times: value and input gradient of one unit per image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from vizframe.errors import NetworkError
from vizframe.graph.target import check_opened
from vizframe.network import DeviceArray, Objective, Ops
from vizframe.network.layer import Layer
from vizframe.torch.aside import calm
from vizframe.torch.head import Head
from vizframe.torch.model import Model
from vizframe.torch.ops import ops_of
from vizframe.torch.replay import Program, Values


def gradients_of(total: Any, sources: Sequence[Any]) -> Sequence[Any]:
    """The gradients of one number with respect to each source; None for one it does not depend on.

    PyTorch imports half of SymPy, which takes a second, the first time that a backward pass is
    given what to start from; from a number it starts by itself.
    """
    found: Sequence[Any] = torch.autograd.grad(total, list(sources), allow_unused=True)
    return found


CHANNELS_LAST: tuple[str, ...] = ("cuda",)
"""Kinds of device whose kernels for convolutions read maps with their channels last."""


_LAYOUT_MATTERS = ("as_strided", "unflatten", "set_")
"""Calls that read memory in its order."""


def laid_out(fixed: Values, played: Program, device: Any) -> Values:
    """The same values, with kernels of convolutions in the layout that the device reads best. Maps
    follow the layout of the kernels that they meet."""
    words = {getattr(each.function, "__name__", "") for each in played.steps}
    if device.type not in CHANNELS_LAST or words.intersection(_LAYOUT_MATTERS):
        return fixed
    last = torch.channels_last
    return {n: e.contiguous(memory_format=last) if e.ndim == 4 else e for n, e in fixed.items()}


class TorchExcitation:
    """See `vizframe.network.Excitation`."""

    def __init__(
        self,
        model: Model,
        data: int,
        played: Program,
        fixed: Values,
        head: Head,
        layer: Layer,
        shape: tuple[int, ...],
        exact_field: bool,
    ) -> None:
        self._model, self._data = model, data
        self._played = played.without(fixed)
        self._fixed = laid_out(fixed, self._played, model.device)
        self._head, self._layer = head, layer
        self.shape, self.exact_field = shape, exact_field
        self._ops = ops_of(model.device)
        self._values: Values | None = None
        self._start: Any = None

    @property
    def ops(self) -> Ops:
        return self._ops

    def ask(self, objective: Objective) -> None:
        check_opened(objective, self._layer, self.shape[0])
        self._head.ask(objective)
        given = objective.output_gradients
        ones = np.ones(self.shape[0], np.float32) if given is None else given
        self._start = torch.tensor(ones, device=self._model.device)

    def evaluate(self, images: DeviceArray) -> tuple[DeviceArray, DeviceArray]:
        if tuple(images.shape) != tuple(self.shape):
            raise NetworkError(
                f"the images have shape {tuple(images.shape)}; it can be {tuple(self.shape)}"
            )
        with calm(self._model.device, gradients=True):
            given = self._ops.give(images).to(self._model.dtype).detach().requires_grad_()
            values = self._played.run(
                {**self._fixed, self._data: given}, self._model.leaf, self.shape[0]
            )
            response = self._head.respond(values)
            if response.requires_grad:
                start = self._start.to(response.dtype)
                (gradient,) = gradients_of((response * start).sum(), [given])
            else:
                gradient = None
            self._values = {key: each.detach() for key, each in values.items()}
        gradient = torch.zeros_like(given) if gradient is None else gradient
        return self._ops.take(response), self._ops.take(gradient)

    def responses(self) -> DeviceArray:
        if self._values is None:
            raise NetworkError("nothing was evaluated yet; call evaluate first")
        with calm(self._model.device, gradients=False):
            return self._ops.take(self._head.responses(self._values))
