"""Where each window of a max pooling found its maximum, and the way back to there.

values  1 4 2 0          windows of two: their maxima are the second and the first place
switch    1   0          one small number per window, a fraction of the map that it comes from
back    0 a b 0          what the windows send back, each to the place that was its maximum
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vizframe.gluon.graph.graph import Node
from vizframe.gluon.graph.window import window_of
from vizframe.gluon.question.linear import moves_channels
from vizframe.graph.support import Places, Support, overlap
from vizframe.graph.window import OperatorWindow
from vizframe.network import FloatArray

Pair = tuple[int, int]


def switched_window(node: Node) -> OperatorWindow | None:
    """The window of a max pooling whose switches can be kept; None of any other operator."""
    if node.operator != "Pooling" or node.attributes.get("pool_type", "max") != "max":
        return None
    return None if moves_channels(node) else window_of(node)


@dataclass(frozen=True, slots=True, eq=False)
class Switches:
    """The switches of some images.

    Attributes:
        places: the place in each window, row by row, (images, channel, y, x).
        window: of the pooling.
        size: (y, x) of the map that is pooled.
    """

    places: npt.NDArray[np.uint16]
    window: OperatorWindow
    size: Pair

    @classmethod
    def of(cls, values: FloatArray, window: OperatorWindow, pooled: Pair) -> Switches | None:
        """Those of maps (images, channel, y, x), whose pooling has so many rows and columns; None
        where a maximum is no number, which the framework finds in a way of its own.

        Of equal values the first place is taken, row by row, as MXNet does.
        """
        size = values.shape[2], values.shape[3]
        rows, columns = _extent(window, pooled, size)
        padded = np.full((*values.shape[:2], rows, columns), -np.inf, np.float32)
        (top, left), (height, width) = window.pad, size
        padded[:, :, top : top + height, left : left + width] = values
        first = _at(padded, window, pooled, (0, 0))
        best, places = first.copy(), np.zeros(first.shape, np.uint16)
        for number in range(1, window.kernel[0] * window.kernel[1]):
            seen = _at(padded, window, pooled, divmod(number, window.kernel[1]))
            higher = seen > best
            np.copyto(places, np.uint16(number), where=higher)
            np.maximum(best, seen, out=best)
        return cls(places, window, size) if np.isfinite(best).all() else None

    def extent(self, windows: Pair, support: Support | None) -> Pair:
        """Rows and columns of what is sent back: the map's, or all that a support's windows read,
        padding included."""
        return self.size if support is None else _extent(self.window, windows, None)

    def unpool(
        self,
        signal: FloatArray,
        images: Places,
        support: Support | None,
        starts: Places,
        back: FloatArray,
        *,
        rectified: bool = False,
    ) -> None:
        """Write what each question's windows send back into ``back``, (questions, channel, extent).

        Args:
            signal: (questions, channel, y, x); zero where a support hangs over the map.
            images: of each question.
            starts: the first row and column of each question's support.
            rectified: with zeros in place of what is below.
        """
        windows = signal.shape[2], signal.shape[3]
        pad = self.window.pad if support is None else (0, 0)
        corners = self._corners(signal.shape[1], windows, pad, back.shape[2:])
        steps = self._steps(back.shape[3])
        one = np.empty(back.shape[1:], np.float32)  # stays in the processor's cache
        for number, (image, start) in enumerate(zip(images, starts, strict=True)):
            places = self.places[image] if support is None else self._part(image, start, windows)
            one.fill(0)
            where = (steps.take(places) + corners).ravel()
            np.add.at(one.reshape(-1), where, signal[number].ravel())
            if rectified:
                np.maximum(one, 0, out=back[number])
            else:
                back[number] = one

    def _part(self, image: int, start: Places, windows: Pair) -> npt.NDArray[np.uint16]:
        part = np.zeros((self.places.shape[1], *windows), np.uint16)
        source, target = overlap(start, windows, self.places.shape[2:])
        part[:, *target] = self.places[image, :, *source]
        return part

    def _corners(
        self, channels: int, windows: Pair, pad: Pair, extent: tuple[int, ...]
    ) -> npt.NDArray[np.intp]:
        """The flat index at which each window begins, (channel, y, x)."""
        channel, row, column = np.ogrid[:channels, : windows[0], : windows[1]]
        stride = self.window.stride
        row, column = row * stride[0] - pad[0], column * stride[1] - pad[1]
        corners: npt.NDArray[np.intp] = (channel * extent[0] + row) * extent[1] + column
        return corners

    def _steps(self, width: int) -> npt.NDArray[np.intp]:
        """How far each place of a window lies behind its begin, in a map so wide."""
        row, column = np.divmod(
            np.arange(self.window.kernel[0] * self.window.kernel[1]), self.window.kernel[1]
        )
        steps: npt.NDArray[np.intp] = row * width + column
        return steps


def _extent(window: OperatorWindow, windows: Pair, size: Pair | None) -> Pair:
    """Rows and columns that so many windows read, and at least a padded map of this size."""
    reads = [(n - 1) * s + k for n, s, k in zip(windows, window.stride, window.kernel, strict=True)]
    if size is not None:
        reads = [max(r, p + n) for r, p, n in zip(reads, window.pad, size, strict=True)]
    return reads[0], reads[1]


def _at(padded: FloatArray, window: OperatorWindow, windows: Pair, place: Pair) -> FloatArray:
    """The values at one place of every window, (images, channel, y, x)."""
    rows, columns = (
        slice(first, first + (n - 1) * stride + 1, stride)
        for first, n, stride in zip(place, windows, window.stride, strict=True)
    )
    return padded[:, :, rows, columns]
