"""`Ops` on PyTorch: arithmetic that stays on the model's device; on the CPU NumPy does it."""

from __future__ import annotations

from typing import Any, Protocol, cast

import numpy as np
import torch

from vizframe.graph.arithmetic import adam_shrink, blur_matrix, ranks
from vizframe.graph.host import HostOps
from vizframe.network import AdamStep, DeviceArray, FloatArray, Ops

Tensor = Any
"""``torch.Tensor``."""


class Arithmetic(Ops, Protocol):
    """`Ops`, and the way between its arrays and tensors."""

    def give(self, values: DeviceArray) -> Tensor:
        """A tensor of these values, which nobody else writes to."""
        ...

    def take(self, tensor: Tensor) -> DeviceArray:
        """The array of a tensor."""
        ...


def ops_of(device: Any) -> Arithmetic:
    """Arithmetic on a device."""
    return TorchHostOps() if device.type == "cpu" else TorchOps(device)


class TorchHostOps(HostOps):
    """`HostOps`, and the way between its arrays and tensors: they share their memory."""

    def give(self, values: DeviceArray) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(cast(FloatArray, values)))

    def take(self, tensor: Tensor) -> DeviceArray:
        values = tensor.detach().to(torch.float32).contiguous().numpy()
        return cast(DeviceArray, values)


class TorchOps:
    """Arithmetic on (batch, channel, y, x) on any device of PyTorch."""

    def __init__(self, device: Any) -> None:
        self._device = device
        self._blurs: dict[tuple[int, float], Tensor] = {}

    def give(self, values: DeviceArray) -> Tensor:
        return _own(values)

    def take(self, tensor: Tensor) -> DeviceArray:
        return _device(tensor.detach().to(torch.float32))

    def to_device(self, values: FloatArray) -> DeviceArray:
        return _device(torch.tensor(values, dtype=torch.float32, device=self._device))

    def to_numpy(self, values: DeviceArray) -> FloatArray:
        return cast(FloatArray, _own(values).detach().cpu().numpy().copy())

    def clip(
        self, values: DeviceArray, low: DeviceArray | float, high: DeviceArray | float
    ) -> DeviceArray:
        return self.minimum(self.maximum(values, low), high)

    def abs(self, values: DeviceArray) -> DeviceArray:
        return _device(_own(values).abs())

    def tanh(self, values: DeviceArray) -> DeviceArray:
        return _device(_own(values).tanh())

    def maximum(self, a: DeviceArray, b: DeviceArray | float) -> DeviceArray:
        own = _own(a)
        return _device(own.clamp(min=b) if isinstance(b, int | float) else own.maximum(_own(b)))

    def minimum(self, a: DeviceArray, b: DeviceArray | float) -> DeviceArray:
        own = _own(a)
        return _device(own.clamp(max=b) if isinstance(b, int | float) else own.minimum(_own(b)))

    def sum(self, values: DeviceArray, axes: tuple[int, ...]) -> DeviceArray:
        return _device(_own(values).sum(axes, keepdim=True))

    def largest(self, values: DeviceArray, percent: float) -> DeviceArray:
        rows = _own(values).reshape(values.shape[0], -1)
        below, above, share = ranks(percent, rows.shape[1])
        ranked = rows.sort(dim=1).values
        low, high = ranked[:, below : below + 1], ranked[:, above : above + 1]
        chosen = (rows >= low + (high - low) * share).to(torch.float32)
        return _device(chosen.reshape(values.shape))

    def blur(self, images: DeviceArray, sigma: float) -> DeviceArray:
        wide = _own(images) @ self._blur(images.shape[3], sigma)
        return _device(self._blur(images.shape[2], sigma).t() @ wide)

    def matmul(self, a: DeviceArray, b: DeviceArray) -> DeviceArray:
        return _device(_own(a) @ _own(b))

    def separable(
        self, images: DeviceArray, rows: DeviceArray, columns: DeviceArray
    ) -> DeviceArray:
        return _device(_own(rows) @ (_own(images) @ _own(columns)))

    def mix(self, images: DeviceArray, matrix: DeviceArray) -> DeviceArray:
        return _device(torch.einsum("bcyx,cd->bdyx", _own(images), _own(matrix)))

    def reshape(self, values: DeviceArray, shape: tuple[int, ...]) -> DeviceArray:
        return _device(_own(values).reshape(shape))

    def warp(self, images: DeviceArray, matrix: FloatArray) -> DeviceArray:
        return _device(self._sample(_own(images), matrix))

    def unwarp(self, grads: DeviceArray, matrix: FloatArray) -> DeviceArray:
        """Sampling is linear, so its own backward pass, taken anywhere, is the adjoint."""
        own = _own(grads)
        with torch.enable_grad():
            images = torch.zeros_like(own).requires_grad_()
            shown = self._sample(images, matrix)
            (back,) = torch.autograd.grad(shown, images, own)
        return _device(back)

    def adam(self, mean_decay: float, square_decay: float) -> AdamStep:
        moments: list[Tensor] = []
        steps = 0

        def step(
            values: DeviceArray, gradient: DeviceArray, rate: DeviceArray | float
        ) -> DeviceArray:
            nonlocal steps
            steps += 1
            own = _own(gradient)
            if not moments:
                moments.extend(torch.zeros_like(own) for _ in range(2))
            mean, square = moments
            mean.mul_(mean_decay).add_(own, alpha=1 - mean_decay)
            square.mul_(square_decay).addcmul_(own, own, value=1 - square_decay)
            shrink = adam_shrink(steps, mean_decay, square_decay)
            return _device(_own(values) + rate * shrink * mean / (square.sqrt() + 1e-8))

        return step

    def _sample(self, images: Tensor, matrix: FloatArray) -> Tensor:
        return torch.nn.functional.grid_sample(
            images, self._grid(images.shape, matrix), align_corners=False
        )

    def _grid(self, shape: tuple[int, ...], matrix: FloatArray) -> Tensor:
        """Where each pixel is read, in PyTorch's coordinates: −1 … 1 from edge to edge."""
        batch, _, height, width = shape
        y, x = np.mgrid[:height, :width]
        middle = np.array([(width - 1) / 2, (height - 1) / 2])
        points = np.stack([x - middle[0], y - middle[1], np.ones((height, width))], axis=-1)
        read = points @ np.asarray(matrix, np.float64).T
        scaled = (read * 2 / np.array([width, height])).astype(np.float32)
        grid = torch.from_numpy(scaled).to(self._device)
        return grid.expand(batch, height, width, 2)

    def _blur(self, size: int, sigma: float) -> Tensor:
        if (size, sigma) not in self._blurs:
            matrix = blur_matrix(size, sigma)
            self._blurs[size, sigma] = torch.from_numpy(matrix).to(self._device)
        return self._blurs[size, sigma]


def _own(values: DeviceArray) -> Tensor:
    return cast(Tensor, values)


def _device(values: Tensor) -> DeviceArray:
    return cast(DeviceArray, values)
