"""A run is read as a library: series by name, arrays with named axes."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray
from PIL import Image

import vizframe
from vizframe import store
from vizframe.errors import HistoryError, UnknownName, UsageError
from vizframe.history import SeriesKey, StepRecord
from vizframe.history.memory import MemoryRun
from vizframe.plugin.frame import Frame
from vizframe.reading.named_array import NamedArray
from vizframe.reading.run import Run
from vizframe.testing.runs import declare, fake_info, fake_probe, fake_run, fill, records

STEPS = range(0, 60, 10)
MAPS = SeriesKey(label="activation", layer="conv0")


@pytest.fixture(scope="module")
def memory() -> MemoryRun:
    return fake_run(STEPS)


@pytest.fixture(params=[False, True], ids=["plain", "xarray"])
def run(memory: MemoryRun, request: pytest.FixtureRequest) -> Run:
    return Run(memory.history(), xarray=request.param)


def truth(key: SeriesKey, step: int) -> Frame:
    """The frame as it was committed."""
    record = next(each for each in records(STEPS) if each.step == step)
    return next(frame for declared, frame in record.frames if declared.key == key)


def test_a_series_gives_its_values_at_a_step(run: Run) -> None:
    maps = run["activation", "conv0"].at(step=20)
    assert maps.dims == ("probe", "unit", "y", "x")
    expected = truth(MAPS, 20).values
    np.testing.assert_allclose(maps, expected, atol=float(expected.max()) / 255)
    assert maps.attrs["step"] == 20
    assert maps.attrs["layer"] == "conv0"


def test_without_a_step_the_newest_is_given(run: Run) -> None:
    series = run["gradient_ascent", "conv0"]
    np.testing.assert_array_equal(series.at(), series.at(step=50))


def test_any_axis_can_be_fixed(run: Run) -> None:
    series = run["activation", "conv0"]
    whole = np.asarray(series.at(20))
    np.testing.assert_array_equal(series.at(20, probe=3), whole[3])
    np.testing.assert_array_equal(series.at(20, probe=3, unit=2), whole[3, 2])
    part = series.at(20, unit=2, y=5)
    assert part.dims == ("probe", "x")
    np.testing.assert_array_equal(part, whole[:, 2, 5])


def test_a_unit_is_a_film_strip_over_all_steps(run: Run) -> None:
    series = run["gradient_ascent", "features.conv1"]
    strip = series.unit(5)
    assert strip.dims == ("step", "y", "x", "channel")
    assert np.asarray(strip.coords["step"]).tolist() == list(STEPS)
    for number, step in enumerate(STEPS):
        np.testing.assert_array_equal(strip.isel(step=number), series.at(step, unit=5))


def test_axes_left_out_of_a_strip_stay(run: Run) -> None:
    series = run["activation", "conv0"]
    strip = series.unit(5, steps=[50, 10])
    assert strip.dims == ("step", "probe", "y", "x")
    np.testing.assert_array_equal(strip.isel(step=0), series.at(50, unit=5))
    np.testing.assert_array_equal(strip.sel(step=10), series.at(10, unit=5))
    one = series.unit(5, steps=[50, 10], probe=2)
    np.testing.assert_array_equal(one, np.asarray(strip)[:, 2])


def test_bars_and_overlays_are_series_too(run: Run) -> None:
    assert run["activation", "dense0"].at(0).dims == ("probe", "unit")
    assert run["activation", "dense0"].unit(3).dims == ("step", "probe")
    assert run["saliency", "conv0"].strip(probe=1).dims == ("step", "y", "x")


def test_columns_come_at_one_step_and_over_all(run: Run) -> None:
    series = run["gradient_ascent", "conv0"]
    columns = series.columns(20)
    assert {name: column.dims for name, column in columns.items()} == {
        "objective": ("unit",),
        "converged": ("unit",),
        "curve": ("unit", "curve"),
    }
    curve = series.column("curve")
    assert curve.dims == ("step", "unit", "curve")
    np.testing.assert_array_equal(curve.sel(step=20), columns["curve"])
    with pytest.raises(UnknownName, match="column 'curves' is not known; it can be 'curve'"):
        series.column("curves")


def test_scalars_are_named_over_the_steps(run: Run) -> None:
    scalars = run.scalars()
    assert set(scalars) == {"time", "epoch", "loss", "learning_rate", "accuracy"}
    assert scalars["loss"].dims == ("step",)
    assert np.isnan(np.asarray(scalars["accuracy"])).tolist() == [False, True] * 3


def test_a_run_is_a_collection_of_names(run: Run) -> None:
    assert ("activation", "conv0") in run
    assert ("activation", "conv9") not in run
    assert ("deconvolution.patch", "conv0") in run
    assert len(list(run)) == len(run) == 14
    assert run.steps == list(STEPS)
    assert run.info.name == "fake"
    assert run.probe is not None
    assert [failure.step for failure in run.failures] == [20]
    assert run.faults == []


def test_notes_are_sentences(run: Run) -> None:
    assert run["activation", "conv0"].notes() == ["unit 3 is dead on this probe"]


def test_names_that_are_not_there_are_named_with_the_nearest(run: Run) -> None:
    with pytest.raises(UnknownName, match="plugin 'activations' is not known; it can be 'activa"):
        run["activations", "conv0"]
    with pytest.raises(UnknownName, match=r"layer of activation 'conv9' .* can be 'conv0'"):
        run["activation", "conv9"]
    with pytest.raises(UsageError, match=r"the series is 'conv0'; .* as run\[plugin, layer\]"):
        run["conv0"]
    series = run["activation", "conv0"]
    with pytest.raises(UnknownName, match="step '21' is not known; it can be '20'"):
        series.at(21)
    with pytest.raises(UnknownName, match="axis 'units' is not known; it can be 'unit'"):
        series.at(20, units=3)
    with pytest.raises(UsageError, match="unit is 8; it can be 0 to 7"):
        series.at(20, unit=8)
    with pytest.raises(UsageError, match="unit is 8 in activation of conv0; it can be 0 to 7"):
        series.unit(8)
    with pytest.raises(UnknownName, match="axis 'y' is not known; it can be 'probe', 'unit'"):
        series.strip(y=3)


def test_a_run_and_a_series_show_what_they_hold(run: Run) -> None:
    shown = repr(run)
    assert shown.startswith("<run 'fake': 6 steps, 0 to 50>\n")
    assert "['gradient_ascent', 'conv0']  (unit: 8, y: 24, x: 24)" in shown
    assert "failure at step 20: dense0 has no spatial axes" in shown
    series = repr(run["activation", "conv0"])
    assert series == (
        "<series activation of conv0 (probe: 4, unit: 8, y: 24, x: 24), 6 steps, 0 to 50>"
    )


def test_an_empty_run_says_so() -> None:
    assert "no step yet" in repr(Run(MemoryRun().history()))


def test_a_run_sees_what_is_committed_later() -> None:
    memory = MemoryRun()
    with Run(memory.history()) as run, memory.writer() as writer:
        assert not run.refresh()
        fill(writer, [7])
        assert run.refresh()
        assert run.steps == [7]
        assert repr(run).startswith("<run 'memory': 1 step, 7>")


def test_a_step_of_another_shape_keeps_it_and_the_strip_says_nan() -> None:
    memory = MemoryRun()
    small, large = (declare(MAPS, ("unit", "y", "x"), (3, side, side)) for side in (2, 4))
    with memory.writer() as writer:
        for step, declared in enumerate((small, large)):
            values = np.full(declared.tile_shape + declared.picture_shape, step, np.float32)
            writer.commit(StepRecord(step, [(declared, Frame("conv0", values))]))
    series = Run(memory.history(), xarray=False)["activation", "conv0"]
    assert series.at(0).shape == (3, 2, 2)
    strip = series.unit(1).values
    assert np.isnan(strip[0]).all()
    assert (strip[1] == 1).all()


def test_a_step_of_other_axes_is_refused_by_name() -> None:
    memory = MemoryRun()
    flat = declare(MAPS, ("unit",), (3,))
    maps = declare(MAPS, ("unit", "y", "x"), (3, 2, 2))
    with memory.writer() as writer:
        for step, declared in enumerate((flat, maps)):
            values = np.zeros(declared.tile_shape + declared.picture_shape, np.float32)
            writer.commit(StepRecord(step, [(declared, Frame("conv0", values))]))
    series = Run(memory.history())["activation", "conv0"]
    with pytest.raises(HistoryError, match="activation of conv0 had other axes at step 0"):
        series.at(0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A run on disk."""
    path = tmp_path / "runs" / "mnist"
    with store.create(path, fake_info("mnist"), fake_probe()) as writer:
        fill(writer, STEPS)
    return path


def test_a_folder_is_opened_by_its_path(folder: Path, memory: MemoryRun) -> None:
    expected = Run(memory.history())
    with vizframe.open(folder) as run, vizframe.open(str(folder), xarray=False) as plain:
        assert list(run) == list(plain) == list(expected)
        for kind, layer in run:
            np.testing.assert_array_equal(run[kind, layer].at(20), expected[kind, layer].at(20))
        assert isinstance(run["weights", "conv0"].at(), xarray.DataArray)
        assert isinstance(plain["weights", "conv0"].at(), NamedArray)


def test_a_folder_that_is_not_there_is_named_with_the_runs_beside_it(folder: Path) -> None:
    sentence = f"run '{folder}x' is not known; it can be '{folder}'"
    with pytest.raises(UnknownName, match=re.escape(sentence)):
        vizframe.open(f"{folder}x")
    with pytest.raises(UnknownName, match="there is no run at all"):
        vizframe.open(folder / "no" / "such")


def test_a_folder_without_a_run_is_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(HistoryError, match="is no run"):
        vizframe.open(tmp_path / "empty")


def test_a_run_whose_description_is_damaged_says_so_and_names_no_run_in_itself(
    tmp_path: Path,
) -> None:
    with store.create(tmp_path / "run", fake_info("run")) as writer:
        fill(writer, [0])
    (tmp_path / "run" / "run.json").write_text("{}")
    with pytest.raises(HistoryError, match=r"run\.json does not describe a run"):
        vizframe.open(tmp_path / "run")


def test_a_folder_of_runs_names_them(folder: Path) -> None:
    with pytest.raises(UnknownName, match=re.escape(f"it can be '{folder}'")):
        vizframe.open(folder.parent)


def test_what_vizframe_exports_is_loaded_when_it_is_asked_for() -> None:
    program = (
        "import sys, vizframe\n"
        "loaded = {'numpy', 'h5py', 'pydantic'} & set(sys.modules)\n"
        "assert not loaded, loaded\n"
        "assert 'open' in dir(vizframe)\n"
        "assert callable(vizframe.open)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
    with pytest.raises(AttributeError, match="module 'vizframe' has no attribute 'opne'"):
        vizframe.opne  # type: ignore[attr-defined]  # noqa: B018  # the access is the test


@pytest.mark.parametrize(
    ("layer", "size", "mode"), [("conv0", (6 * 24, 24), "L"), ("features.conv1", (72, 12), "RGB")]
)
def test_the_example_draws_a_film_strip(
    folder: Path, tmp_path: Path, layer: str, size: tuple[int, int], mode: str
) -> None:
    example = Path(__file__).parents[2] / "examples" / "film_strip.py"
    target = tmp_path / "strip.png"
    arguments = [folder, "gradient_ascent", layer, "5", target]
    subprocess.run([sys.executable, example, *map(str, arguments)], check=True, capture_output=True)
    with Image.open(target) as picture:
        assert (picture.size, picture.mode) == (size, mode)
        assert len(np.unique(np.asarray(picture))) > 50
