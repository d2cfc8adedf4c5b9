"""Options in a file and on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from vizframe.errors import UsageError
from vizframe.recording.config import Config, config


def write_file(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text)
    return folder


def test_without_a_file_the_defaults_hold(tmp_path: Path) -> None:
    assert config({}, folder=tmp_path) == Config()


def test_a_file_sets_options(tmp_path: Path) -> None:
    write_file(tmp_path, "vizframe.toml", 'every = "2 epochs"\nplugins = ["weights"]\n')
    found = config({}, folder=tmp_path)
    assert (found.every, found.plugins) == ("2 epochs", ("weights",))


def test_pyproject_can_hold_the_same_options(tmp_path: Path) -> None:
    write_file(tmp_path, "pyproject.toml", "[tool.vizframe]\nevery = 7\n[tool.other]\nx = 1\n")
    assert config({}, folder=tmp_path).every == 7


def test_the_command_line_goes_before_the_file(tmp_path: Path) -> None:
    write_file(tmp_path, "vizframe.toml", 'every = 5\nrun = "runs/a"\n')
    found = config({"every": "9", "run": None}, folder=tmp_path)
    assert (found.every, found.run) == ("9", "runs/a")


def test_single_parameters_are_merged_with_the_file_s(tmp_path: Path) -> None:
    write_file(tmp_path, "vizframe.toml", "[set.deep]\niterations = 64\nrate = 1.5\n")
    found = config({}, ["deep.iterations=8", "weights.layers=conv*"], folder=tmp_path)
    assert found.set == {"deep": {"iterations": 8, "rate": 1.5}, "weights": {"layers": "conv*"}}


def test_a_text_with_commas_is_a_list(tmp_path: Path) -> None:
    assert config({"layers": "conv0, dense*"}, folder=tmp_path).layers == ("conv0", "dense*")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("evry = 5", "option 'evry' is not known; it can be 'every', "),
        ("probe_images = 0", "probe_images is 0; it can be 1 or more"),
        ("set = 5", "set is 5; it can be one table of options per plugin"),
        ("plugins = 5", "plugins is 5; it can be a list, or a text with commas"),
        ("every = ", "vizframe.toml cannot be read: "),
    ],
)
def test_what_a_file_cannot_say_is_named(text: str, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as raised:
        config({}, folder=write_file(tmp_path, "vizframe.toml", text))
    assert sentence in str(raised.value)


def test_two_files_that_both_set_options_are_refused(tmp_path: Path) -> None:
    write_file(tmp_path, "vizframe.toml", "every = 5")
    write_file(tmp_path, "pyproject.toml", "[tool.vizframe]\nevery = 7\n")
    with pytest.raises(UsageError, match="keep one of them"):
        config({}, folder=tmp_path)


@pytest.mark.parametrize("text", ["deep=3", "deep.iterations", ".x=1", "x.=1", ""])
def test_an_option_of_another_form_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"it can be PLUGIN\.PARAMETER=VALUE"):
        config({}, [text], folder=tmp_path)


@pytest.mark.parametrize("given", ["1,000 MB", "3,3", "2GB and more", "-1", "1e9"])
def test_a_size_is_read_whole_or_refused(given: str) -> None:
    told = r"it can be a number of bytes with a unit, such as '500MB' or '2GB'"
    for name in ("max_size", "memory", "keep_weights"):
        with pytest.raises(UsageError, match=told):
            Config.of({name: given})
    assert Config.of({"max_size": " 1.5 GB "}).max_size == 1_500_000_000
