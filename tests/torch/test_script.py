"""`vizframe record -- train.py` on an unmodified PyTorch script, from end to end."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import torch

from vizframe import store

SCRIPT = """
import sys
import torch
from torch import nn
from torch.nn import functional as F

torch.manual_seed(int(sys.argv[1]))
net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 3))
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for step in range(5):
    optimizer.zero_grad()
    loss = F.cross_entropy(net(torch.rand(8, 1, 8, 8)), torch.randint(0, 3, (8,)))
    loss.backward()
    optimizer.step()
    print(step, loss.item())
torch.save(net.state_dict(), sys.argv[2])
sys.exit(3)
"""


def test_a_script_is_recorded_without_edits_and_ends_as_it_does_alone(tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text(SCRIPT)
    ended = []
    for name, before in (
        ("plain.pt", [sys.executable]),
        ("watched.pt", [sys.executable, "-m", "vizframe", "record", "--every", "2", "--"]),
    ):
        command = [*before, str(script), "7", name]
        threads = {**os.environ, "OMP_NUM_THREADS": "2"}  # as on most machines: more than one
        run = subprocess.run(command, cwd=tmp_path, env=threads, capture_output=True, text=True)
        ended.append((run.returncode, run.stdout))
    assert ended[0] == ended[1]
    assert ended[0][0] == 3
    assert weights(tmp_path / "plain.pt") == weights(tmp_path / "watched.pt")
    (found,) = (tmp_path / "runs").glob("train*")
    history = store.open(found)
    assert history.steps[0] == 0
    assert "torch" in history.info.versions
    assert "mxnet" not in history.info.versions


def weights(path: Path) -> dict[str, bytes]:
    return {name: each.numpy().tobytes() for name, each in torch.load(path).items()}
