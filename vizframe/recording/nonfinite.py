"""What a frame says of its values that are no numbers: NaN and infinities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from vizframe.history import Declaration
from vizframe.plugin.frame import Frame
from vizframe.wording import listed


def with_note(declaration: Declaration, frame: Frame) -> Frame:
    """The frame, with a note of how many of its values are not finite, and in which units."""
    values = frame.values
    with np.errstate(over="ignore", invalid="ignore"):  # a sum says in one pass that all is well
        if values.dtype == np.uint8 or np.isfinite(values.sum()):
            return frame
    odd: npt.NDArray[np.bool_] = ~np.isfinite(values)
    count = int(odd.sum())
    if not count:  # large numbers, whose sum alone is not finite
        return frame
    note = f"{count} of {values.size} values are not finite (NaN or infinite)"
    where = _where(declaration.axes, odd)
    return replace(frame, notes=(*frame.notes, f"{note}, in {where}" if where else note))


def _where(axes: Sequence[str], odd: npt.NDArray[np.bool_]) -> str:
    if "unit" not in axes:
        return ""
    unit = axes.index("unit")
    others = tuple(axis for axis in range(odd.ndim) if axis != unit)
    return listed("unit", np.flatnonzero(odd.any(axis=others)).tolist())
