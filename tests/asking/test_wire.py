"""Frames of words and arrays come through as they were, and nothing else does."""

from __future__ import annotations

import json
from io import BytesIO

import numpy as np
import pytest

from vizframe.asking.wire import Array, pack, unpack


def reader(data: bytes) -> BytesIO:
    return BytesIO(data)


def test_words_and_arrays_come_through() -> None:
    arrays: list[Array] = [
        np.arange(6, dtype=np.float32).reshape(2, 3).T,
        np.zeros((0, 4), np.uint8),
    ]
    words, found = unpack(reader(b"".join(pack({"ask": "reply", "höhe": [1]}, arrays))).read)
    assert words["ask"] == "reply"
    assert words["höhe"] == [1]
    for one, two in zip(found, arrays, strict=True):
        np.testing.assert_array_equal(one, two)
        assert one.dtype == two.dtype


@pytest.mark.parametrize(
    "arrays",
    [[["object", [1]]], [["float32", [-1]]], [["float32", [1 << 40]]], [["float32"]], 3],
)
def test_what_is_no_frame_is_refused(arrays: object) -> None:
    text = json.dumps({"arrays": arrays}).encode()
    with pytest.raises((ValueError, TypeError)):
        unpack(reader(len(text).to_bytes(8, "little") + text).read)
    with pytest.raises(ValueError, match="bytes of words"):
        unpack(reader((1 << 40).to_bytes(8, "little")).read)
