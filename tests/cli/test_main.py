"""The frame of the command line: what every command shares."""

from __future__ import annotations

import importlib
import io
import subprocess
import sys
from types import ModuleType

import pytest

from vizframe.cli import COMMANDS, main
from vizframe.errors import HistoryError, UsageError, VizframeError


def exit_code(*arguments: str) -> int:
    with pytest.raises(SystemExit) as left:
        main(arguments)
    assert isinstance(left.value.code, int)
    return left.value.code


def failing(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """Let the command `doctor` raise this."""

    def doctor() -> None:
        raise error

    module = ModuleType("vizframe.cli.doctor")
    module.doctor = doctor  # type: ignore[attr-defined]  # a module made for this test
    monkeypatch.setitem(sys.modules, "vizframe.cli.doctor", module)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_file_with_a_function_of_its_name(name: str) -> None:
    module = importlib.import_module(f"vizframe.cli.{name}")
    assert callable(getattr(module, name))


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_every_command_ends_with_an_example(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(name, "--help") == 0
    assert f"vizframe {name}" in capsys.readouterr().out.split("Usage:", 1)[1].split("\n", 1)[1]


def test_a_paragraph_of_help_is_broken_by_the_terminal_alone(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "240")
    assert exit_code("record", "--help") == 0
    said = "its output and exit code are as ever. The same options can stand in vizframe.toml."
    assert said in capsys.readouterr().out


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code() == 0
    printed = capsys.readouterr().out
    assert [name for name in COMMANDS if name not in printed] == []


def test_help_imports_neither_mxnet_nor_h5py_nor_dash() -> None:
    program = (
        "import sys; from vizframe.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'mxnet', 'numpy', 'h5py', 'dash', 'plotly'} & set(sys.modules)\n"
        "sys.exit(f'imported: {heavy}' if heavy else 0)\n"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (run.returncode, run.stderr) == (0, "")


def test_an_unknown_command_is_named_with_the_nearest_ones(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert exit_code("srve") == 2
    sentence = capsys.readouterr().err
    assert sentence.startswith("vizframe: command 'srve' is not known; it can be 'serve', ")
    assert sentence.count("\n") == 1


def test_an_unknown_option_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code("--colour") == 2
    assert capsys.readouterr().err == "vizframe: no such option: --colour; see --help\n"


@pytest.mark.parametrize(("error", "code"), [(UsageError("so"), 2), (HistoryError("so"), 1)])
def test_an_error_is_one_sentence_and_an_exit_code(
    error: VizframeError,
    code: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    failing(monkeypatch, error)
    assert exit_code("doctor") == code
    assert capsys.readouterr().err == "vizframe: so\n"


@pytest.mark.parametrize(
    ("refused", "said"),
    [
        (OSError(28, "No space left on device"), "No space left on device; make room there"),
        (
            FileNotFoundError(2, "No such file or directory", "/x/y"),
            "'/x/y': No such file or directory",
        ),
        (OSError(36, "File name too long", "a" * 999), "too long; give a shorter one"),
        (ConnectionResetError("gone\nfor good"), "gone for good"),
    ],
    ids=str,
)
def test_what_the_system_refuses_is_one_sentence(
    refused: OSError,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    failing(monkeypatch, refused)
    assert exit_code("doctor") == 1
    told = capsys.readouterr().err
    assert told.endswith(f"{said}\n")
    assert (told.count("\n"), len(told) < 300) == (1, True)


def test_output_that_cannot_be_written_is_one_sentence() -> None:
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-m", "vizframe", "--version"]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == "vizframe: No space left on device; make room there\n"


def test_letters_that_the_output_lacks_are_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    def doctor() -> None:
        print("✓ \udcff")

    module = ModuleType("vizframe.cli.doctor")
    module.doctor = doctor  # type: ignore[attr-defined]  # a module made for this test
    monkeypatch.setitem(sys.modules, "vizframe.cli.doctor", module)
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, "ascii"))
    assert exit_code("doctor") == 0
    assert written.getvalue() == b"\\u2713 \\udcff\n"


def test_a_mistake_of_ours_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, ZeroDivisionError("ours"))
    with pytest.raises(ZeroDivisionError, match="ours"):
        main(["doctor"])
