"""What is no Python script is told so, with what to write in its place."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from vizframe.errors import UsageError
from vizframe.recording.script import Script


def said(*words: str) -> str:
    """What is said of a command line before anything is run."""
    with pytest.raises(UsageError) as raised:
        Script.of(words).run()
    return str(raised.value)


@pytest.mark.parametrize(
    ("words", "cure"),
    [
        (["torchrun", "--nproc-per-node", "2", "train.py"], "torchrun … -m vizframe record -- "),
        (["/opt/bin/accelerate", "launch", "x"], "accelerate launch … -m vizframe record -- "),
        (["-m", "torch.distributed.run", "train.py"], "torchrun … -m vizframe record -- train.py"),
        (["bash", "train.sh"], "where that program says python train.py, write vizframe record"),
    ],
)
def test_a_program_that_starts_the_training_is_told_how_to_start_it(
    words: list[str], cure: str
) -> None:
    assert cure in said(*words)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("train.sh", "python train.py\n", "a program that is not Python's"),
        ("train", "#!/bin/sh\npython train.py\n", "a program that is not Python's"),
        ("train.ipynb", '{"cells": []}', "jupyter nbconvert --to script"),
    ],
)
def test_a_file_of_another_language_is_not_run(
    name: str, content: str, sentence: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(content)
    assert sentence in said(str(tmp_path / name))


@pytest.mark.parametrize("start", ["#!/usr/bin/env python3\n", "#!/venv/bin/python\n", "# plain\n"])
def test_a_python_script_may_have_any_name(start: str, tmp_path: Path) -> None:
    (tmp_path / "train").write_text(start + "print('trains')\n")
    code = "import sys; from vizframe.recording.script import Script; Script.of(sys.argv[1:]).run()"
    done = subprocess.run(
        [sys.executable, "-c", code, "train"], cwd=tmp_path, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (0, "trains\n")


def test_an_installed_python_program_is_named_with_its_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "trainer"
    program.write_text("#!/venv/bin/python\nprint('trains')\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert said("trainer").endswith(f"it can be that program's whole path: {program}")
