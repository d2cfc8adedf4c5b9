"""Signals of many questions, each cut to its own part of a map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from vizframe.gluon.compat import mx
from vizframe.gluon.graph.graph import Entry
from vizframe.gluon.graph.shapes import Shape
from vizframe.gluon.question.asked import Kept
from vizframe.graph.support import Places, Support, inside, overlap
from vizframe.network import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """Where each question lies.

    Attributes:
        places: (y, x) of each in the map asked for.
        chosen: which image each is about.
        kept: what is known of the images.
        context: the device.
    """

    places: Places
    chosen: Places
    kept: Kept
    context: Any

    def starts(self, support: Support | None) -> Places:
        """The first row and column of each question's part; 0 where nothing is cut."""
        return np.zeros_like(self.places) if support is None else support.starts(self.places)

    def on_map(self, signal: Any, support: Support, size: tuple[int, int]) -> Any:
        """The signal, zero where its support hangs over a map of this size."""
        within = inside(support.starts(self.places), support.size, size)
        if within.all():
            return signal
        mask = mx.nd.array(within[:, None].astype(np.float32), ctx=self.context)
        return mx.nd.broadcast_mul(signal, mask)

    def values(
        self, entry: Entry, shape: Shape, support: Support | None, empty: float, *, known: bool
    ) -> Any:
        """What each question's image has given an operator, in its support; or zeros, where the
        operator does not care."""
        size = shape[1:] if support is None else (shape[1], *support.size)
        if not known:
            return mx.nd.zeros((len(self.chosen), *size), ctx=self.context)
        whole = self.kept.values[entry]
        if support is None:
            return mx.nd.array(whole[self.chosen], ctx=self.context)
        windows = np.full((len(self.chosen), *size), empty, np.float32)
        for number, (image, start) in enumerate(
            zip(self.chosen, self.starts(support), strict=True)
        ):
            source, target = overlap(start, support.size, whole.shape[2:])
            windows[number, :, *target] = whole[image, :, *source]
        return mx.nd.array(windows, ctx=self.context)

    def pasted(self, signal: Any, support: Support, size: tuple[int, int]) -> Any:
        """The signal on the whole map, zero around it."""
        parts: FloatArray = signal.asnumpy()
        whole = np.zeros((*parts.shape[:2], *size), np.float32)
        for number, start in enumerate(self.starts(support)):
            target, source = overlap(start, support.size, size)
            whole[number, :, *target] = parts[number, :, *source]
        return mx.nd.array(whole, ctx=self.context)

    def widened(self, signal: Any, part: Support, whole: Support) -> Any:
        """The signal in a larger support that moves with it, zero around it."""
        before = [p - w for p, w in zip(part.shift, whole.shift, strict=True)]
        after = [n - first - m for n, first, m in zip(whole.size, before, part.size, strict=True)]
        width = (0, 0, 0, 0, before[0], after[0], before[1], after[1])
        return mx.nd.pad(signal, mode="constant", pad_width=width, constant_value=0)
