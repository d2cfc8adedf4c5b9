"""A room is entered when it is used: importing what stands before it opens no heavy one."""

from __future__ import annotations

import subprocess
import sys

import pytest

BEFORE = [
    "vizframe",
    "vizframe.cli",
    "vizframe.demo.demo",
    "vizframe.history",
    "vizframe.network.live",
    "vizframe.plugin.registry",
    "vizframe.reading.remote",
    "vizframe.reading.run",
    "vizframe.reading.runs_folder",
    "vizframe.recording.autostart",
    "vizframe.recording.from_checkpoints",
    "vizframe.recording.recorder",
]


@pytest.mark.parametrize("module", BEFORE)
def test_importing_it_opens_no_room(module: str) -> None:
    program = (
        f"import sys, {module};"
        "rooms = {'mxnet', 'h5py', 'dash'} | {f'vizframe.{r}' for r in ('store', 'webapp')};"
        "print(sorted(rooms & set(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert result.stdout.strip() == "[]", result.stderr
