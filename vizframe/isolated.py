"""Start Python again, as a child that runs a module of vizframe and nothing of the folder it is in.

``python -m module`` looks for every import in the working directory first: a ``numpy.py`` that lies
beside somebody's runs would be run by who looks at them.
"""

from __future__ import annotations

import sys
from pathlib import Path

_ROOT = str(Path(__file__).parents[1])

# The root comes last: it is where vizframe is found when it runs from a bare tree.
_BOOT = (
    "import sys; sys.path.append(sys.argv.pop(1)); del sys.argv[0]; import runpy; "
    "runpy.run_module(sys.argv[0], run_name='__main__', alter_sys=True)"
)


def python_module(module: str, *arguments: str) -> list[str]:
    """The command line that runs a module, with what lies in the working directory left aside."""
    return [sys.executable, "-P", "-c", _BOOT, _ROOT, module, *arguments]
