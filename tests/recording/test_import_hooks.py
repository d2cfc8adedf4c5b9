"""Telling when a module is imported, without importing it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

MODULE = "import os\nVALUE = os.environ.get('SETTING')\n"

PROGRAM = """
import os, sys
from vizframe.recording.import_hooks import after_import
after_import("framework", lambda: print("seen", sys.modules["framework"].VALUE))
print("framework" in sys.modules)
os.environ["SETTING"] = "late"
import framework
print(framework.VALUE)
print([type(each).__name__ for each in (framework.__loader__, framework.__spec__.loader)])
print([each for each in sys.meta_path if getattr(each, "_name", None) == "framework"])
after_import("framework", lambda: print("at once"))
"""


def print_of(folder: Path, program: str) -> list[str]:
    (folder / "framework.py").write_text(MODULE)
    (folder / "program.py").write_text(program)
    run = subprocess.run(
        [sys.executable, "program.py"], cwd=folder, capture_output=True, text=True, check=True
    )
    return run.stdout.splitlines()


def test_the_action_runs_once_the_module_is_imported_and_leaves_no_trace(tmp_path: Path) -> None:
    assert print_of(tmp_path, PROGRAM) == [
        "False",
        "seen late",
        "late",
        "['SourceFileLoader', 'SourceFileLoader']",
        "[]",
        "at once",
    ]


def test_who_only_asks_for_the_module_does_not_end_the_wait_for_it(tmp_path: Path) -> None:
    asked = "import importlib.util\nprint(importlib.util.find_spec('framework').name)\nimport fram"
    said = print_of(tmp_path, PROGRAM.replace("import fram", asked, 1))
    assert said[:3] == ["False", "framework", "seen late"]
    assert said[4:] == ["['SourceFileLoader', 'SourceFileLoader']", "[]", "at once"]


def test_a_module_that_is_not_there_stays_an_import_error(tmp_path: Path) -> None:
    program = (
        "from vizframe.recording.import_hooks import after_import\n"
        "after_import('absent_framework', lambda: print('never'))\n"
        "try:\n    import absent_framework\n"
        "except ModuleNotFoundError as error:\n    print(error)\n"
    )
    assert print_of(tmp_path, program) == ["No module named 'absent_framework'"]


def test_what_is_around_an_import_begins_before_it(tmp_path: Path) -> None:
    program = (
        "import os, sys\nfrom contextlib import contextmanager\n"
        "from vizframe.recording.import_hooks import around_import\n"
        "@contextmanager\ndef around():\n"
        "    os.environ['SETTING'] = 'inside'\n    yield\n    print('done')\n"
        "around_import('framework', around)\n"
        "import framework\nprint(framework.VALUE)\n"
    )
    assert print_of(tmp_path, program) == ["done", "inside"]
