"""The examples do what they say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.warm_python import python
from vizframe.store import open as open_history

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_two_lines_more_record_a_training(tmp_path: Path) -> None:
    command = [sys.executable, str(EXAMPLES / "two_lines.py")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    history = open_history(tmp_path / "runs" / "stripes")
    assert list(history.steps) == list(range(0, 201, 20))
    losses = history.scalars().values["loss"]
    assert losses[-1] < losses[1] / 2
    history.close()


def test_the_mnist_training_is_recorded_unmodified_with_a_plugin_of_one_s_own(
    tmp_path: Path,
) -> None:
    words = ["--every", "10", "--plugins", str(EXAMPLES / "contrast.py"), "--"]
    words += [str(EXAMPLES / "train_mnist.py"), "--steps", "50"]
    code, said, told = python(tmp_path, "-m", "vizframe", "record", *words)
    assert (code, told) == (0, "")
    assert said.startswith("step 50: loss 0.")
    history = open_history(tmp_path / "runs" / "train_mnist")
    assert list(history.steps) == [0, 10, 20, 30, 40, 50]
    assert {key.kind for key in history.declarations} == {"contrast"}
    history.close()


def test_a_cell_comes_to_follow_the_depth_of_brackets(tmp_path: Path) -> None:
    code, said, told = python(tmp_path, str(EXAMPLES / "brackets.py"))
    assert (code, told) == (0, "")
    lines = said.splitlines()
    follows = [float(line.partition("|r| ")[2].partition(";")[0]) for line in lines]
    bits = [float(line.rpartition("; ")[2].removesuffix(" bits")) for line in lines]
    assert [line.partition(":")[0] for line in lines] == [
        f"step {step:3}" for step in range(0, 201, 50)
    ]
    assert follows[-1] > max(0.6, follows[0])
    assert bits[-1] < bits[0] - 0.2
