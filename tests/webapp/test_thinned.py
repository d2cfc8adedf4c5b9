"""Long curves with a lowest and a highest point for each column of the screen."""

from __future__ import annotations

import numpy as np
import pytest

from vizframe.webapp.thinned import thinned


def drawn(count: int) -> tuple[np.ndarray[tuple[int], np.dtype[np.float64]], ...]:
    draw = np.random.default_rng(count)
    return np.cumsum(draw.random(count)), draw.normal(size=count)


@pytest.mark.parametrize(("count", "columns"), [(2_500, 400), (1_001, 500), (50, 7), (9, 1)])
def test_each_column_keeps_its_lowest_and_its_highest_point(count: int, columns: int) -> None:
    x, y = drawn(count)
    thin_x, thin_y = thinned(x, y, columns)
    assert len(thin_y) <= 2 * columns + 2
    assert (np.diff(thin_x) > 0).all()
    assert set(zip(thin_x, thin_y, strict=True)) <= set(zip(x, y, strict=True))
    assert (thin_x[[0, -1]] == x[[0, -1]]).all()
    for column in range(columns):
        inside = [i for i in range(count) if i * columns // count == column]
        kept = thin_y[np.isin(thin_x, x[inside])]
        assert kept.min() == y[inside].min()
        assert kept.max() == y[inside].max()


def test_a_short_line_is_kept_as_it_is() -> None:
    x, y = drawn(20)
    assert thinned(x, y, 10)[1] is y
    assert len(thinned(x[:0], y[:0])[0]) == 0
