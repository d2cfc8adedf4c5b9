"""The operations of the reference network, each with its rule backward, written out in NumPy.

An operation is a pure function with its adjoint: ``forward`` gives the output, ``backward`` takes
the signal at the output, and the input that was given, back to the input. Nothing is kept between.
All works on float64 arrays (batch, unit, y, x), or (batch, unit) behind `Flatten`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Protocol, Self

import numpy as np
import numpy.typing as npt

from vizframe.network import FloatArray, Kind, ReluRule

Signal = npt.NDArray[np.float64]


class Operation(Protocol):
    """What the reference network is a chain of."""

    @property
    def operator(self) -> str: ...
    @property
    def kind(self) -> Kind: ...
    @property
    def window(self) -> tuple[int, int, int]:
        """(size, stride, pad) of what one place reads."""
        ...

    @property
    def parameters(self) -> Mapping[str, FloatArray]: ...
    def forward(self, given: Signal) -> Signal: ...
    def backward(self, signal: Signal, given: Signal, rule: ReluRule) -> Signal: ...
    def unpadded(self) -> Self: ...
    def with_parameters(self, parameters: Mapping[str, FloatArray]) -> Self: ...


@dataclass(frozen=True, eq=False)
class Plain:
    """What most operations share: they read one place and have no parameters; a base for more."""

    operator: ClassVar[str] = ""
    kind: ClassVar[Kind] = "other"

    @property
    def window(self) -> tuple[int, int, int]:
        return 1, 1, 0

    @property
    def parameters(self) -> Mapping[str, FloatArray]:
        return {}

    def unpadded(self) -> Self:
        return self

    def with_parameters(self, parameters: Mapping[str, FloatArray]) -> Self:
        return replace(self, **parameters)


@dataclass(frozen=True, eq=False)
class Convolution(Plain):
    """Cross-correlation: output[u] = bias[u] + Σ_i weight[u, i] ⋆ input[i].

    Attributes:
        weight: (unit, input, size, size).
        bias: (unit,).
        stride: how far the kernel moves.
        pad: zeros on every side.
    """

    weight: FloatArray
    bias: FloatArray
    stride: int = 1
    pad: int = 0
    operator: ClassVar[str] = "Convolution"
    kind: ClassVar[Kind] = "convolution"

    @property
    def window(self) -> tuple[int, int, int]:
        return self.weight.shape[2], self.stride, self.pad

    @property
    def parameters(self) -> Mapping[str, FloatArray]:
        return {"weight": self.weight, "bias": self.bias}

    def forward(self, given: Signal) -> Signal:
        wide = _pad(given, self.pad)
        cells = np.stack([wide[read] for read in _reads(wide, self.window)], axis=2)
        batch, _, _, height, width = cells.shape
        product: Signal = self._matrix @ cells.reshape(batch, -1, height * width)
        return product.reshape(batch, -1, height, width) + self.bias[:, None, None]

    def backward(self, signal: Signal, given: Signal, rule: ReluRule) -> Signal:
        wide = np.zeros_like(_pad(given, self.pad))
        batch, units, height, width = signal.shape
        cells = self._matrix.T @ signal.reshape(batch, units, height * width)
        cells = cells.reshape(batch, given.shape[1], -1, height, width)
        for cell, read in enumerate(_reads(wide, self.window)):
            wide[read] += cells[:, :, cell]
        return _unpad(wide, self.pad)

    def unpadded(self) -> Self:
        return replace(self, pad=0)

    @property
    def _matrix(self) -> Signal:
        """(unit, input · size · size): a kernel as the cells of the window, in a row."""
        matrix: Signal = self.weight.reshape(len(self.weight), -1).astype(np.float64)
        return matrix


@dataclass(frozen=True, eq=False)
class Relu(Plain):
    """max(0, input), with four rules backward: see `vizframe.network.ReluRule`."""

    operator: ClassVar[str] = "Activation(relu)"
    kind: ClassVar[Kind] = "activation"

    def forward(self, given: Signal) -> Signal:
        return np.maximum(given, 0)

    def backward(self, signal: Signal, given: Signal, rule: ReluRule) -> Signal:
        if rule == "plain":
            return np.where(given > 0, signal, 0)
        if rule == "deconvnet":
            return np.where(signal > 0, signal, 0)
        if rule == "guided":
            return np.where((given > 0) & (signal > 0), signal, 0)
        return np.where((given > 0) | (signal > 0), signal, 0)


@dataclass(frozen=True, eq=False)
class MaxPool(Plain):
    """The maximum of each square; backward goes to where it was, the first of equals."""

    size: int = 2
    stride: int = 2
    operator: ClassVar[str] = "Pooling(max)"
    kind: ClassVar[Kind] = "pooling"

    @property
    def window(self) -> tuple[int, int, int]:
        return self.size, self.stride, 0

    def forward(self, given: Signal) -> Signal:
        most: Signal = self._squares(given).max(axis=0)
        return most

    def backward(self, signal: Signal, given: Signal, rule: ReluRule) -> Signal:
        squares = self._squares(given)
        switch = np.nan_to_num(squares, nan=-np.inf).argmax(axis=0)
        back = np.zeros_like(given)
        for place, read in enumerate(_reads(given, self.window)):
            back[read] += np.where(switch == place, signal, 0)
        return back

    def _squares(self, given: Signal) -> Signal:
        """(size · size, batch, unit, y, x): each output's candidates, row by row."""
        return np.stack([given[read] for read in _reads(given, self.window)])


@dataclass(frozen=True, eq=False)
class Flatten(Plain):
    """Maps as a vector, unit by unit."""

    operator: ClassVar[str] = "Flatten"
    kind: ClassVar[Kind] = "reshape"

    def forward(self, given: Signal) -> Signal:
        return given.reshape(len(given), -1)

    def backward(self, signal: Signal, given: Signal, rule: ReluRule) -> Signal:
        return signal.reshape(given.shape)


@dataclass(frozen=True, eq=False)
class Dense(Plain):
    """weight · input + bias, with weight (unit, input)."""

    weight: FloatArray
    bias: FloatArray
    operator: ClassVar[str] = "FullyConnected"
    kind: ClassVar[Kind] = "dense"

    @property
    def parameters(self) -> Mapping[str, FloatArray]:
        return {"weight": self.weight, "bias": self.bias}

    def forward(self, given: Signal) -> Signal:
        return given @ self.weight.T.astype(np.float64) + self.bias

    def backward(self, signal: Signal, given: Signal, rule: ReluRule) -> Signal:
        return signal @ self.weight.astype(np.float64)


def _pad(maps: Signal, pad: int) -> Signal:
    batch, units, height, width = maps.shape
    wide = np.zeros((batch, units, height + 2 * pad, width + 2 * pad))
    _unpad(wide, pad)[:] = maps
    return wide


def _unpad(maps: Signal, pad: int) -> Signal:
    return maps[:, :, pad : maps.shape[2] - pad, pad : maps.shape[3] - pad]


def _places(maps: Signal, window: tuple[int, int, int]) -> tuple[int, int]:
    size, stride, _ = window
    return (maps.shape[2] - size) // stride + 1, (maps.shape[3] - size) // stride + 1


Read = tuple[slice, slice, slice, slice]


def _reads(maps: Signal, window: tuple[int, int, int]) -> list[Read]:
    """For each cell of the window, row by row, what all places read through it."""
    size, stride, _ = window
    rows, columns = (
        [slice(cell, cell + stride * (places - 1) + 1, stride) for cell in range(size)]
        for places in _places(maps, window)
    )
    every = slice(None)
    return [(every, every, row, column) for row in rows for column in columns]
