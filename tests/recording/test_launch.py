"""Processes of one machine: which command they run, and what becomes of their exit codes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from vizframe.errors import UsageError
from vizframe.recording import launch
from vizframe.recording.launch import Launch, worker_command
from vizframe.recording.script import Script

QUIET = (sys.executable, "-c", "")


def test_a_worker_runs_the_same_command_into_the_run_and_launches_nothing() -> None:
    words = ["record", "--launch", "4", "--every", "5", "--", "train.py", "--launch", "9"]
    script = Script("train.py", ("--launch", "9"))
    found = worker_command(["/env/bin/vizframe", *words], "runs/x", script)
    assert found == [
        *(sys.executable, "/env/bin/vizframe", "record", "--every", "5"),
        *("--run", "runs/x", "--", "train.py", "--launch", "9"),
    ]


def test_the_command_of_a_module_without_a_dash() -> None:
    script = Script("pkg.train", ("1",), is_module=True)
    words = ["record", "--launch=2", "--strict", "--", "-m", "pkg.train", "1"]
    found = worker_command(["/x/vizframe/__main__.py", *words], "runs/x", script)
    assert found[1:] == [
        *("-m", "vizframe", "record", "--strict", "--run", "runs/x"),
        *("--", "-m", "pkg.train", "1"),
    ]


@pytest.mark.parametrize("count", [0, -1, 257])
def test_a_number_of_workers_that_cannot_be_is_refused(count: int) -> None:
    with pytest.raises(UsageError, match=rf"launch is {count}; it can be 1 to 256"):
        Launch(count)


def test_every_process_knows_its_role_and_the_worst_exit_code_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell = "import os, pathlib; e = os.environ; "
    tell += "name = f'{e[\"DMLC_ROLE\"]}-{os.getpid()}'; "
    tell += f"pathlib.Path({str(tmp_path)!r}, name).write_text(e['DMLC_PS_ROOT_PORT']); "
    monkeypatch.setattr(launch, "_SERVE", (sys.executable, "-c", tell))
    # The others are ended with the last worker: it waits until they have told what they are.
    work = f"""{tell}
import time
deadline = time.monotonic() + 60
folder = pathlib.Path({str(tmp_path)!r})
while time.monotonic() < deadline and sum(1 for f in folder.iterdir() if f.stat().st_size) < 5:
    time.sleep(0.02)
raise SystemExit(3)
"""
    assert Launch(2, servers=2).run([sys.executable, "-c", work]) == 3
    roles = sorted(each.name.partition("-")[0] for each in tmp_path.iterdir())
    assert roles == ["scheduler", "server", "server", "worker", "worker"]
    assert len({each.read_text() for each in tmp_path.iterdir()}) == 1


def test_a_worker_s_signal_comes_back_as_a_shell_says_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "_SERVE", QUIET)
    killed = [sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"]
    assert Launch(1).run(killed) == 128 + 9


@pytest.mark.skipif(sys.platform != "linux", reason="it is Linux that tells children")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_nobody_outlives_the_launcher(tmp_path: Path, number: int) -> None:
    """Not even who does not listen to SIGTERM."""
    stay = "import os, pathlib, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
    stay += f"pathlib.Path({str(tmp_path)!r}, str(os.getpid())).touch(); time.sleep(60)"
    program = f"""
import sys
from vizframe.recording import launch
launch._SERVE = (sys.executable, "-c", {stay!r})
launch.PATIENCE = 0.1
launch.Launch(2).run([sys.executable, "-c", {stay!r}])
"""
    launcher = subprocess.Popen([sys.executable, "-c", program])
    try:
        wait_for(lambda: len(list(tmp_path.iterdir())) == 4)
        launcher.send_signal(number)
        code = launcher.wait(60)
        assert code == (-9 if number == signal.SIGKILL else 128 + number)
        wait_for(lambda: not [each for each in tmp_path.iterdir() if is_alive(int(each.name))])
    finally:
        for each in tmp_path.iterdir():
            with suppress(ProcessLookupError):
                os.kill(int(each.name), signal.SIGKILL)
        launcher.kill()


def is_alive(pid: int) -> bool:
    """A zombie, which nobody has asked for yet, is not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def wait_for(what: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not what():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.parametrize("role", ["scheduler", "server"])
def test_workers_whose_scheduler_or_server_has_failed_are_not_waited_for(
    role: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """MXNet's workers would wait for it for ever: a scheduler whose port is taken ends at once."""
    fail = f"import os, time; os.environ['DMLC_ROLE'] == {role!r} and os._exit(3); time.sleep(999)"
    monkeypatch.setattr(launch, "_SERVE", (sys.executable, "-c", fail))
    assert Launch(2).run((sys.executable, "-c", "import time; time.sleep(999)")) == 3
    assert capsys.readouterr().err == (
        f"vizframe: the {role} ended with exit code 3: the workers are ended\n"
    )


def test_workers_that_have_met_train_on_without_the_scheduler(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    said: list[str] = []

    def say(sentence: str) -> None:
        said.append(sentence)
        (tmp_path / "said").touch()

    monkeypatch.setattr(launch, "say", say)
    monkeypatch.setattr(launch, "MEETING", 0.0)
    monkeypatch.setattr(launch, "GRACE", 0.1)
    fail = (
        "import os, time; os.environ['DMLC_ROLE'] == 'scheduler' and os._exit(3); time.sleep(999)"
    )
    monkeypatch.setattr(launch, "_SERVE", (sys.executable, "-c", fail))
    train = "import pathlib, time\nwhile not pathlib.Path('said').exists(): time.sleep(0.02)"
    monkeypatch.chdir(tmp_path)
    assert Launch(1).run((sys.executable, "-c", train)) == 0
    assert said == ["the scheduler ended with exit code 3: the workers train on without it"]


def test_the_meeting_place_is_no_port_that_the_system_gives_away() -> None:
    port = int(Launch(1)._meeting_place()["DMLC_PS_ROOT_PORT"])
    assert port in launch.PORTS
