"""A frame with NaN or infinities says how many and where; the history gives them back."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import vizframe
import vizframe.store
from vizframe.history import SeriesKey, StepRecord
from vizframe.network import FloatArray
from vizframe.plugin.frame import Frame
from vizframe.recording.nonfinite import with_note
from vizframe.testing.runs import declare, fake_info

KEY = SeriesKey(label="weights", layer="conv0")


def noted(values: FloatArray, axes: tuple[str, ...] = ("unit", "y", "x")) -> tuple[str, ...]:
    frame = Frame("conv0", values, notes=("As before",))
    return with_note(declare(KEY, axes, values.shape), frame).notes[1:]


def test_the_note_counts_values_and_names_units() -> None:
    values = np.zeros((10, 2, 3), np.float32)
    values[3, 0, :2] = np.nan, np.inf
    assert noted(values) == ("2 of 60 values are not finite (NaN or infinite), in unit 3",)
    values[:, 0, 0] = -np.inf
    note = "11 of 60 values are not finite (NaN or infinite), in units 0, 1, 2, 3, 4, 5, 6, 7"
    assert noted(values) == (f"{note} and 2 more",)


def test_maps_of_images_count_alone() -> None:
    values = np.full((2, 2, 2), np.nan, np.float32)
    assert noted(values, ("probe", "y", "x")) == ("8 of 8 values are not finite (NaN or infinite)",)


def test_finite_frames_say_nothing_however_large() -> None:
    assert noted(np.full((2, 2, 2), 3e38, np.float32)) == ()
    assert noted(np.full((2, 2, 2), 255, np.uint8)) == ()


def test_a_run_gives_back_what_is_not_finite_and_counts_it(tmp_path: Path) -> None:
    values = np.arange(24, dtype=np.float32).reshape(2, 3, 4) - 5
    values[1, 0] = np.nan, np.inf, -np.inf, 2
    with vizframe.store.create(tmp_path, fake_info()) as store:
        declared = declare(KEY, ("unit", "y", "x"), values.shape)
        store.commit(StepRecord(0, [(declared, Frame("conv0", values))]))
    with vizframe.open(tmp_path, xarray=False) as run:
        series = run["weights", "conv0"]
        assert series.nonfinite().values.tolist() == [0, 3]
        assert series.nonfinite(0).dims == ("unit",)
        for array in (series.at().values, series.strip().values[0], series.unit(1).values[0]):
            odd = array if array.ndim == 3 else array[None]
            wanted = values if array.ndim == 3 else values[1:]
            np.testing.assert_array_equal(np.isnan(odd), np.isnan(wanted))
            np.testing.assert_array_equal(odd[np.isinf(wanted)], wanted[np.isinf(wanted)])
