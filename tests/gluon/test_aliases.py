"""After `import vizframe`, MXNet 1.9.1 can be imported beside NumPy 1.26."""

from __future__ import annotations

import subprocess
import sys

import pytest


def run(program: str) -> tuple[int, str, str]:
    command = [sys.executable, "-W", "error", "-c", program]
    done = subprocess.run(command, capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


WARNED = """
import warnings
try:
    warnings.warn('old', DeprecationWarning)
except DeprecationWarning:
    print('raised')
"""


@pytest.mark.parametrize("before", ["", "import numpy; from vizframe.gluon import aliases; "])
def test_a_program_that_imports_vizframe_first_can_import_mxnet_and_is_warned_as_before(
    before: str,
) -> None:
    program = f"{before}import vizframe, mxnet; print(mxnet.__version__)\n{WARNED}"
    assert run(program) == (0, "1.9.1\nraised\n", "")


def test_without_mxnet_nothing_is_imported_and_no_alias_is_set() -> None:
    program = (
        "import sys, vizframe\nprint({'numpy', 'mxnet', 'vizframe.gluon'} & set(sys.modules))\n"
        "import numpy\nprint('int' in vars(numpy))"
    )
    assert run(program) == (0, "set()\nFalse\n", "")


def test_vizframe_imported_after_mxnet_changes_nothing() -> None:
    program = (
        "import sys, types\nsys.modules['mxnet'] = types.ModuleType('mxnet')\n"
        "before = list(sys.meta_path)\nimport vizframe\nprint(sys.meta_path == before)"
    )
    assert run(program) == (0, "True\n", "")
