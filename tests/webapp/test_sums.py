"""What is summed up of a column that grows is what one pass over it would give."""

from __future__ import annotations

import zlib

import numpy as np
import pytest

from vizframe.store.read.growing import Growing
from vizframe.webapp.sums import MOST_LENGTHS, Sums


def expected(values: np.ndarray[tuple[int], np.dtype[np.float64]], count: int) -> int:
    return zlib.crc32(values[:count].tobytes())


def test_a_column_that_grows_has_the_sums_of_its_begins() -> None:
    sums, column = Sums(), Growing(np.empty(0))
    for end in range(0, 200, 7):
        column = column.replaced(len(column), np.arange(len(column), end, dtype=float))
        for count in (end, end // 2, max(0, end - 7)):
            assert sums.of("loss", column.values, count) == expected(column.values, count)


def test_only_what_is_new_is_summed_up(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    real = zlib.crc32

    def crc32(data: memoryview, start: int) -> int:
        seen.append(len(data))
        return real(data, start)

    column = Growing(np.empty(0)).replaced(0, np.arange(1000.0))
    sums = Sums()
    sums.of("loss", column.values, 1000)
    column = column.replaced(1000, np.array([1.0, 2.0]))
    monkeypatch.setattr("vizframe.webapp.sums.zlib.crc32", crc32)
    sums.of("loss", column.values, 1002)
    assert seen == [16]


def test_another_column_is_summed_up_anew() -> None:
    sums = Sums()
    one, other = np.arange(9.0), np.arange(9.0) + 1
    assert sums.of("loss", one, 9) == expected(one, 9)
    assert sums.of("loss", other, 9) == expected(other, 9)
    changed = Growing(one).replaced(4, other[4:])
    assert sums.of("loss", changed.values, 9) == expected(changed.values, 9)


def test_of_many_lengths_the_last_are_kept() -> None:
    sums, values = Sums(), np.arange(100.0)
    for count in (*range(1, 50), *range(49, 0, -1)):
        assert sums.of("loss", values, count) == expected(values, count)
    assert len(sums._known["loss"].sums) <= MOST_LENGTHS + 1
