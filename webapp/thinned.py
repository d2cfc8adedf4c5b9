r"""Long curves as a screen can show them: of each column the lowest and the highest value.

|\  /\    /|        a column has room for one stroke,
| \/  \/\/ |  ──►   from its lowest to its highest point
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]

COLUMNS = 400
"""Of a figure, which is about 600 pixels wide; twice as many points are drawn at most."""


def thinned(x: Numbers, y: Numbers, columns: int = COLUMNS) -> tuple[Numbers, Numbers]:
    """Points of a line, in order, that paint it as all of them do: no peak is lost. Columns have
    equally many points each; the first and the last point stay.

    Args:
        x, y: finite, and equally long.
    """
    count = len(y)
    if count <= 2 * columns:
        return x, y
    column = np.arange(count) * columns // count
    ordered = np.lexsort((y, column))
    first = np.searchsorted(column, np.arange(columns))
    last = np.append(first[1:], count) - 1
    kept = np.unique(np.concatenate([ordered[first], ordered[last], [0, count - 1]]))
    return x[kept], y[kept]
