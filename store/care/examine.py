"""Ask HDF5 what it thinks of files, in a process of its own, which may hang or die.

The reader itself never shows a file to HDF5: it goes by the user block. But ``vizframe check``
promises that other programs can open a run, and HDF5 reads damaged or hostile metadata at the risk
of the process. So a child with limits of time and memory does it.

    python -m vizframe.store.care.examine FILE …    one line of JSON per file: what is wrong with it
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from vizframe.isolated import python_module

SECONDS = 20.0
"""What a child may take for its start, and for each file more, if it takes the last one."""

BATCH = 64
"""Files for one child."""

MEMORY = 4 << 30
"""Bytes of address space of a child."""


def examine(paths: Sequence[Path]) -> Iterator[tuple[Path, Sequence[str]]]:
    """What keeps HDF5 programs from reading each file as its index says; nothing where they can."""
    left = list(paths)
    while left:
        told, end = _ask_child(left[:BATCH])
        yield from zip(left, told, strict=False)
        left = left[len(told) :]
        if left and len(told) < BATCH:
            yield left.pop(0), [end]


def _ask_child(paths: Sequence[Path]) -> tuple[list[Sequence[str]], str]:
    """What a child told of the files until its end, and how it ended."""
    command = python_module("vizframe.store.care.examine", *map(str, paths))
    child = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        out, err = child.communicate(timeout=SECONDS + len(paths))
        end = f"HDF5 died on opening it (signal {-child.returncode})"
        if child.returncode > 0:
            end = f"HDF5 could not be asked: {err.decode(errors='replace').strip()[-200:]}"
    except subprocess.TimeoutExpired:
        child.kill()
        out, _ = child.communicate()
        end = "HDF5 hangs on opening it"
    return [json.loads(line) for line in out.splitlines()], end


def main(paths: Sequence[str]) -> None:
    """The child's side."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    from vizframe.store.care import hdf5_check as inside  # h5py is loaded under the limits

    for path in paths:
        try:
            findings = inside.findings(Path(path))
        except Exception as bad:  # whatever HDF5 says of a file that is not sound
            findings = [f"HDF5 does not read it: {type(bad).__name__}: {bad}".replace("\n", " ")]
        print(json.dumps(findings), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
