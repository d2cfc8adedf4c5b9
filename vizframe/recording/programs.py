"""Programs that are no Python script, and what to do where one of them starts the training.

bash train.sh            what is recorded is a Python script: vizframe stands in the shell's script
torchrun train.py        the launcher starts vizframe: torchrun -m vizframe record -- train.py
train.ipynb              a notebook has cells: vizframe.Recorder stands in one of them
"""

from __future__ import annotations

import os
import shutil
from typing import NoReturn

from vizframe.errors import UsageError

_LAUNCHERS = {
    "torchrun": "torchrun … -m vizframe record -- train.py",
    "accelerate": "accelerate launch … -m vizframe record -- train.py",
    "deepspeed": "deepspeed … --module vizframe record -- train.py",
    "mpirun": "mpirun … vizframe record -- train.py",
    "mpiexec": "mpiexec … vizframe record -- train.py",
    "srun": "srun … vizframe record -- train.py",
    "horovodrun": "horovodrun … vizframe record -- train.py",
}
"""What starts a training's processes, and how it starts recorded ones."""

_MODULES = {
    "torch.distributed.run": "torchrun",
    "torch.distributed.launch": "torchrun",
    "accelerate.commands.launch": "accelerate",
    "deepspeed.launcher.runner": "deepspeed",
}
"""The launchers that ``python -m`` runs, too."""

_SHELLS = (".sh", ".bash", ".zsh", ".slurm", ".sbatch")


def check_no_launcher(target: str, *, is_module: bool) -> None:
    """Raises UsageError where this starts other processes, which train."""
    name = _MODULES.get(target, "") if is_module else os.path.basename(target)
    if name in _LAUNCHERS:
        raise UsageError(
            f"script is {target!r}, which starts others; let it start vizframe: {_LAUNCHERS[name]}"
        )


def check_no_program(target: str) -> None:
    """Raises UsageError where what is no file here is a program on the path."""
    found = None if os.sep in target else shutil.which(target)
    if found is None:
        return
    with open(found, "rb") as file:
        if _is_for_python(file.readline()):
            raise UsageError(f"script is {target!r}; it can be that program's whole path: {found}")
    _refuse(target)


def check_is_python(target: str, content: bytes) -> None:
    """Raises UsageError where a file is none of Python's, by its name or by how it begins."""
    ending = os.path.splitext(target)[1].lower()
    if ending == ".ipynb":
        raise UsageError(
            f"script is {target!r}, a notebook; it can be recorded by vizframe.Recorder in a cell, "
            f"or as a script: jupyter nbconvert --to script {target}"
        )
    is_other = content.startswith((b"\x7fELF", b"#!")) or ending in _SHELLS
    if is_other and not _is_for_python(content):
        _refuse(target)


def _is_for_python(start: bytes) -> bool:
    return start.startswith(b"#!") and b"python" in start.partition(b"\n")[0]


def _refuse(target: str) -> NoReturn:
    raise UsageError(
        f"script is {target!r}, a program that is not Python's; it can be a Python script: where "
        "that program says python train.py, write vizframe record -- train.py"
    )
