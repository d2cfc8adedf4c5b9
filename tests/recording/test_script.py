"""A script run by vizframe against the same script run by Python."""

from __future__ import annotations

import os
import py_compile
import signal
import subprocess
import sys
import textwrap
import zipapp
from pathlib import Path

import pytest

from vizframe.errors import UsageError
from vizframe.recording.script import Script

RUN = "import sys; from vizframe.recording.script import Script; Script.of(sys.argv[1:]).run()"

PROGRAMS = {
    "its place in the world": """
        import sys, __main__
        print(sys.argv, __name__, __file__, __package__, __spec__ and __spec__.name)
        print(__main__.__dict__ is globals(), sys.path[0], __builtins__.__name__)
        print(sorted(name for name in globals()))
        """,
    "an exit code": "raise SystemExit(7)",
    "an exit message": "raise SystemExit('enough')",
    "an error": """
        def fails():
            return 1 / 0
        fails()
        """,
    "an error of an error": """
        try:
            1 / 0
        except ZeroDivisionError as error:
            raise ValueError("again") from error
        """,
    "an interrupt": "raise KeyboardInterrupt",
    "its own excepthook": """
        import sys
        sys.excepthook = lambda *given: print("mine", given[0])
        1 / 0
        """,
    "no inherited future": """
        def annotated(x: 1 / 2): ...
        print(annotated.__annotations__)
        """,
    "pickling of its classes": """
        import pickle
        class Net: ...
        print(pickle.loads(pickle.dumps(Net)))
        """,
    "what is done at exit": """
        import atexit, sys
        atexit.register(print, "bye")
        sys.exit(3)
        """,
}


def outcome(folder: Path, *command: str) -> tuple[int, str, str]:
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, *command], cwd=folder, env=environment, capture_output=True, text=True
    )
    return done.returncode, done.stdout, done.stderr


def program(name: str) -> str:
    return textwrap.dedent(PROGRAMS[name]).strip() + "\n"


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_script_does_what_it_does_alone(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "sub"
    folder.mkdir()
    (folder / "train.py").write_text(program(name))
    alone = outcome(tmp_path, "sub/train.py", "--lr", "0.1")
    assert outcome(tmp_path, "-c", RUN, "sub/train.py", "--lr", "0.1") == alone


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_module_does_what_it_does_alone(name: str, tmp_path: Path) -> None:
    package = tmp_path / "pkg"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "train.py").write_text(program(name))
    alone = without_runpy(outcome(tmp_path, "-m", "pkg.train", "--lr", "0.1"))
    assert outcome(tmp_path, "-c", RUN, "-m", "pkg.train", "--lr", "0.1") == alone


@pytest.mark.parametrize("form", ["folder", "folder/", "app.pyz", "train.pyc"])
@pytest.mark.parametrize("name", PROGRAMS)
def test_what_else_python_runs_does_what_it_does_alone(
    name: str, form: str, tmp_path: Path
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "__main__.py").write_text(program(name))
    (folder / "beside.py").write_text("")
    zipapp.create_archive(folder, tmp_path / "app.pyz")
    py_compile.compile(str(folder / "__main__.py"), str(tmp_path / "train.pyc"))
    alone = without_runpy(outcome(tmp_path, form, "--lr", "0.1"))
    assert outcome(tmp_path, "-c", RUN, form, "--lr", "0.1") == alone


def without_runpy(done: tuple[int, str, str]) -> tuple[int, str, str]:
    """Python's own traceback of a module has the two frames of runpy in front."""
    code, out, err = done
    lines = err.split("\n")
    return code, out, "\n".join(line for line in lines if "<frozen runpy>" not in line)


def test_a_package_is_run_by_its_main(tmp_path: Path) -> None:
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg" / "__init__.py").write_text("")
    (tmp_path / "pkg" / "__main__.py").write_text("import sys; print(sys.argv, __package__)")
    alone = outcome(tmp_path, "-m", "pkg", "x")
    assert outcome(tmp_path, "-c", RUN, "-m", "pkg", "x") == alone


def test_a_script_that_cannot_be_compiled_shows_no_frame_of_ours(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text("for")
    assert outcome(tmp_path, "-c", RUN, "train.py") == outcome(tmp_path, "train.py")


def test_an_interrupted_script_dies_of_the_signal(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(program("an interrupt"))
    code, _, _ = outcome(tmp_path, "-c", RUN, "train.py")
    assert code == -signal.SIGINT


def test_safe_paths_keep_the_folder_of_the_script_out(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "train.py").write_text("import sys; print(sys.path)")
    safe = ["-P", "sub/train.py"]
    assert outcome(tmp_path, "-P", "-c", RUN, *safe[1:]) == outcome(tmp_path, *safe)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "there is no script to run; give one: vizframe record -- train.py"),
        (
            ["python3", "train.py", "--lr", "1"],
            "script is 'python3'; leave that out: vizframe record -- train.py --lr 1",
        ),
        (
            ["-u", "-O", "train.py", "-x"],
            "script is '-u'; give what is Python's to Python: python -u -O -m vizframe record",
        ),
        (
            ["python", "-u", "train.py"],
            "script is 'python'; give what is Python's to Python: python -u -m vizframe record",
        ),
        (["-c", "print(1)"], "script is '-c', code without a file; it can be a Python file"),
        (["absent.py"], "script is 'absent.py'; it can be a Python file, or a folder or zip file"),
        (["tests"], "script is "),
        (["-m", "absent_module"], "module is 'absent_module'; it can be a module that"),
        (["-m", "absent.module"], "module is 'absent.module', which cannot be found"),
    ],
)
def test_what_cannot_be_run_is_named(words: list[str], sentence: str) -> None:
    path = list(sys.path)
    with pytest.raises(UsageError) as raised:
        Script.of(words).run()
    sys.path[:] = path
    assert str(raised.value).startswith(sentence)


def test_a_script_may_import_mxnet_before_vizframe(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text("import mxnet, vizframe, sys; print(sys.argv)")
    done = outcome(tmp_path, "-m", "vizframe.recording.script", "train.py", "x")
    assert done == (0, "['train.py', 'x']\n", "")
