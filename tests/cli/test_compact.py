"""`vizframe compact RUN` rewrites a run as one file."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import vizframe
from tests.cli.calling import call, make_run, spawn
from vizframe.reading.run import Run


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return make_run(tmp_path / "mnist")


def assert_same(one: Run, other: Run) -> None:
    """See that two runs hold the same."""
    assert one.info == other.info
    assert one.steps == other.steps
    assert list(one) == list(other)
    for kind, layer in one:
        for step in one[kind, layer].steps:
            left, right = (each[kind, layer].at(step) for each in (one, other))
            np.testing.assert_array_equal(left, right)
        assert one[kind, layer].notes() == other[kind, layer].notes()
    for name, values in one.scalars().items():
        np.testing.assert_array_equal(values, other.scalars()[name])
    assert one.failures == other.failures
    assert one.probe is not None
    assert other.probe is not None
    np.testing.assert_array_equal(one.probe.images, other.probe.images)


@pytest.mark.parametrize("option", ["--compress", "--no-compress"])
def test_one_file_holds_all_of_a_run(run: Path, tmp_path: Path, option: str) -> None:
    target = tmp_path / "mnist.h5"
    said = call("compact", str(run), "--to", str(target), option)
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith(f"{target}: 4 steps, 56 frames, ")
    with vizframe.open(run) as folder, vizframe.open(target) as file:
        assert_same(folder, file)
    assert call("check", str(target)).code == 0
    assert call("show", str(target)).code == 0


def test_compacting_in_place_keeps_the_run_and_its_name(run: Path, tmp_path: Path) -> None:
    copy = make_run(tmp_path / "copy" / "mnist")
    said = spawn("compact", str(run), "--json")
    assert said.code == 0, said.err
    done = json.loads(said.out)
    assert (done["steps"], done["frames"], done["left_out"]) == (4, 56, [])
    assert done["bytes_after"] < done["bytes_before"]
    with vizframe.open(run) as now, vizframe.open(copy) as before:
        assert_same(now, before)


def test_a_target_that_is_there_is_not_overwritten(run: Path, tmp_path: Path) -> None:
    target = tmp_path / "precious.h5"
    target.write_text("precious")
    said = call("compact", str(run), "--to", str(target))
    assert said.code in (1, 2)
    assert str(target) in said.err
    assert target.read_text() == "precious"


def test_an_unknown_run_is_a_usage_error(run: Path) -> None:
    assert call("compact", f"{run}x").code == 2
