"""Scripts with modules that are named like some of vizframe's own imports."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from vizframe.store import open as open_history

SCRIPT = """
import torch, statistics, typer
from BATCHES import batches

torch.manual_seed(0)
net = torch.nn.Sequential(torch.nn.Conv2d(1, 3, 3), torch.nn.Flatten(), torch.nn.Linear(108, 2))
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for batch in batches(3):
    optimizer.zero_grad()
    loss = net(batch).square().mean()
    loss.backward()
    optimizer.step()
print(f"{loss.item():.9f}", statistics.__file__, typer.name, sep="\\n")
"""

BATCHES = """
import torch
def batches(count):
    return torch.rand(count, 4, 1, 8, 8)
"""

RECORD = ["-m", "vizframe", "record", "--every", "1", "--run", "run", "--plugins", "weights", "--"]


def write(folder: Path, batches: str) -> None:
    """The script, with a package, a module and a folder beside it that have names of others."""
    (folder / "train.py").write_text(SCRIPT.replace("BATCHES", batches))
    (folder / f"{batches}.py").write_text(BATCHES)
    (folder / "typer").mkdir()
    (folder / "typer" / "__init__.py").write_text("from typer.names import name")
    (folder / "typer" / "names.py").write_text("name = 'own'")
    (folder / "statistics").mkdir()  # without __init__.py: Python's own comes first


def outcome(folder: Path, *words: str) -> tuple[tuple[int, str], str]:
    done = subprocess.run([sys.executable, *words], cwd=folder, capture_output=True, text=True)
    return (done.returncode, done.stdout), done.stderr


@pytest.mark.parametrize("started", [["train.py"], ["-m", "train"]], ids=["script", "module"])
def test_a_script_gets_its_own_modules_and_is_recorded(started: list[str], tmp_path: Path) -> None:
    write(tmp_path, "rich")
    alone, _ = outcome(tmp_path, *started)
    assert alone[0] == 0
    recorded, told = outcome(tmp_path, *RECORD, *started)
    assert recorded == alone
    assert "the script's own module 'typer' has the name of one that vizframe needs" in told
    history = open_history(tmp_path / "run")
    assert list(history.steps) == [0, 1, 2, 3]
    history.close()


def test_a_script_trains_on_also_where_the_recording_needs_the_other(tmp_path: Path) -> None:
    write(tmp_path, "h5py")
    alone, _ = outcome(tmp_path, "train.py")
    recorded, told = outcome(tmp_path, *RECORD, "train.py")
    assert recorded == alone
    assert "the script's own module 'h5py' has the name of one that vizframe needs" in told
