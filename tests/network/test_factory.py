"""Factories: the function of a module or file that a command line names."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from vizframe.errors import UnknownName, UsageError
from vizframe.network.factory import factory


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "modules", dict(sys.modules))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "beside_nets.py").write_text("UNITS = 4\n")
    (tmp_path / "sub" / "nets.py").write_text(
        "from beside_nets import UNITS\nSIZE = 3\ndef lenet():\n    return UNITS\n"
    )
    (tmp_path / "here_nets.py").write_text("def lenet():\n    return 5\n")
    return tmp_path


def test_a_file_is_loaded_with_the_modules_beside_it(folder: Path) -> None:
    assert factory("sub/nets.py:lenet")() == 4


def test_a_module_is_found_in_the_current_folder(folder: Path) -> None:
    assert factory("here_nets:lenet")() == 5


def test_a_script_that_reads_its_arguments_as_it_is_imported_sees_none(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "train.py").write_text(
        "import argparse\nargparse.ArgumentParser().parse_args()\ndef lenet():\n    return 6\n"
    )
    monkeypatch.setattr(sys, "argv", ["vizframe", "record", "--model", "train.py:lenet"])
    assert factory("train.py:lenet")() == 6
    assert sys.argv[1:] == ["record", "--model", "train.py:lenet"]


@pytest.mark.parametrize(
    ("text", "kind", "sentence"),
    [
        ("lenet", UsageError, "model is 'lenet'; it can be MODULE:FUNCTION or FILE.py:FUNCTION"),
        ("here_nets:", UsageError, "model is 'here_nets:'; it can be MODULE:FUNCTION"),
        ("absent_nets:lenet", UsageError, "model is of module 'absent_nets', which cannot be"),
        ("absent.py:lenet", UsageError, "model is of file 'absent.py'; it can be a Python file"),
        ("sub/nets.py:lenett", UnknownName, "function 'lenett' is not known; it can be 'lenet'"),
        ("sub/nets.py:SIZE", UnknownName, "function 'SIZE' is not known; it can be 'lenet'"),
    ],
)
def test_what_is_no_function_is_named(
    text: str, kind: type[Exception], sentence: str, folder: Path
) -> None:
    with pytest.raises(kind) as raised:
        factory(text)
    assert str(raised.value).startswith(sentence)
