"""`vizframe export` writes files that need no vizframe to be seen."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from tests.cli.test_main import exit_code
from vizframe import store
from vizframe.reading.export import file_name
from vizframe.testing.runs import fake_info, fake_probe, fill


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A run of three steps, where ``vizframe`` stands in the folder above it."""
    with store.create(tmp_path / "runs" / "fake", fake_info(), fake_probe()) as writer:
        fill(writer, steps=range(0, 60, 20))
    monkeypatch.chdir(tmp_path)
    return "fake"


def write_file(folder: str = "export") -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in Path(folder).rglob("*.*"))


def test_a_gallery_per_series_and_step(run: str) -> None:
    assert exit_code("export", run, "--plugin", "weights", "--layer", "conv0") == 0
    assert write_file() == [f"fake/weights/conv0/step-{step:08d}.png" for step in (0, 20, 40)]
    with Image.open("export/fake/weights/conv0/step-00000000.png") as picture:
        assert picture.width > picture.height > 64


def test_the_nearest_step_alone(run: str) -> None:
    assert exit_code("export", run, "--plugin", "weights", "--layer", "conv0", "--step", "27") == 0
    assert write_file() == ["fake/weights/conv0/step-00000020.png"]


def test_a_film_of_one_unit_over_the_training(run: str) -> None:
    assert (
        exit_code("export", run, "--as", "gif", "--plugin", "gradient_ascent", "--unit", "2") == 0
    )
    with Image.open("export/fake/gradient_ascent/conv0.gif") as film:
        assert getattr(film, "n_frames", 1) == 3
        assert film.info["loop"] == 0


def test_a_unit_that_only_some_layers_have_is_written_of_those(
    run: str, capsys: pytest.CaptureFixture[str]
) -> None:
    history = store.open(Path("runs", run))
    units = {
        key.layer: dict(zip(each.tile_axes, each.tile_shape, strict=True)).get("unit", 0)
        for key, each in history.declarations.items()
        if key.kind == "gradient_ascent"
    }
    history.close()
    most = max(units.values())
    assert min(units.values()) < most
    words = ["--as", "gif", "--plugin", "gradient_ascent", "--unit", str(most - 1)]
    assert exit_code("export", run, *words) == 0
    assert len(write_file()) == sum(units[layer] == most for layer in units)
    capsys.readouterr()
    words[-1] = str(most)
    assert exit_code("export", run, *words) == 2
    assert f"unit is {most} in gradient_ascent" in capsys.readouterr().err


def test_one_page_with_every_series(run: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code("export", run, "--as", "html", "--out", "pages") == 0
    assert capsys.readouterr().out == "pages/fake.html\n"
    page = Path("pages/fake.html").read_text()
    assert "weights of conv0" in page
    assert "deconvolution.patch of features.conv1" in page


def test_an_unknown_plugin_layer_or_run_is_named_with_the_nearest(
    run: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code("export", run, "--plugin", "weihgts") == 2
    assert exit_code("export", run, "--layer", "conv9") == 2
    assert exit_code("export", "fakr") == 2
    said = capsys.readouterr().err.splitlines()
    assert said[0].startswith("vizframe: plugin 'weihgts' is not known; it can be 'weights'")
    assert said[1].startswith("vizframe: layer 'conv9' is not known; it can be 'conv0'")
    assert said[2].startswith("vizframe: run 'fakr' is not known; it can be 'fake'")
    assert not Path("export").exists()


def test_a_run_without_steps_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    store.create(tmp_path / "empty", fake_info("empty"), fake_probe()).close()
    assert exit_code("export", "empty") == 1
    assert capsys.readouterr().err == (
        "vizframe: the run empty has no step yet; record one first\n"
    )


@pytest.mark.parametrize("name", ["..", "a/../../b", "/etc/passwd", "x" * 300, "", "a\0b"])
def test_no_name_of_a_run_leads_out_of_the_folder(name: str) -> None:
    safe = file_name(name)
    assert Path(safe).name == safe
    assert safe not in {"", ".", ".."}
    assert len(safe) <= 121
