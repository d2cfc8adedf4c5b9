"""Weights in files: whole, of numbers alone, and no larger than they say."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

from vizframe.errors import HistoryError
from vizframe.network.frozen import CopiedArrays, Frozen
from vizframe.network.kept import KeptWeights

ARRAYS = {
    "conv.weight": np.arange(24, dtype=np.float32).reshape(2, 3, 4),
    "order": np.array([2, 0, 1]),
    "one": np.array(3.0, np.float64),
    "none": np.zeros((0, 2), np.float32),
    "turned": np.arange(6, dtype=np.float32).reshape(2, 3).T,
}


def test_they_come_back_as_they_were_and_numpy_reads_them_too(tmp_path: Path) -> None:
    kept = KeptWeights(tmp_path / "weights")
    assert list(kept.steps) == []
    kept.take(5, Frozen("{}", CopiedArrays({n: (lambda e=e: e) for n, e in ARRAYS.items()})))  # type: ignore[misc]
    found = kept.frozen(5)
    assert found.description == "{}"
    with np.load(kept.folder / "000000000005.npz") as stored:
        for name, values in ARRAYS.items():
            np.testing.assert_array_equal(found.arrays[name], values)
            np.testing.assert_array_equal(stored[name], values)
            assert found.arrays[name].dtype == stored[name].dtype == values.dtype


def test_the_newest_replace_the_others(tmp_path: Path) -> None:
    kept = KeptWeights(tmp_path)
    for step in (0, 10, 20):
        kept.replace(step, Frozen("{}", ARRAYS))
        assert list(kept.steps) == [step]
    kept.clear()
    assert os.listdir(tmp_path) == []


def test_why_nothing_is_kept_is_kept(tmp_path: Path) -> None:
    kept = KeptWeights(tmp_path / "weights")
    assert kept.refusal == ""
    kept.refuse("it decides")
    assert kept.refusal == "it decides"
    (kept.folder / "refused.txt").unlink()
    (kept.folder / "refused.txt").symlink_to("/etc/hostname")
    assert kept.refusal == ""
    (kept.folder / "refused.txt").unlink()
    os.mkfifo(kept.folder / "refused.txt")
    assert kept.refusal == ""


def test_what_is_no_array_or_larger_than_its_file_is_refused(tmp_path: Path) -> None:
    kept = KeptWeights(tmp_path)
    path = tmp_path / "000000000001.npz"
    long = b"\x93NUMPY\x01\x00" + (118).to_bytes(2, "little")
    head = "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999,), }"
    for case in ("compressed", "pickled", "short", "no header"):
        if case == "compressed":
            np.savez_compressed(path, a=np.zeros(1000))
        elif case == "pickled":
            np.savez(path, a=np.array([print], dtype=object))
        else:
            with zipfile.ZipFile(path, "w") as file:
                whole = long + head.ljust(117).encode() + b"\n" + b"1234"
                file.writestr("a.npy", whole if case == "short" else b"nothing")
        with pytest.raises(HistoryError, match="cannot be read"):
            kept.load(1)
