"""`vizframe demo`: what can be seen of it without a long training."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.warm_python import python
from vizframe.demo.server_process import serve_folder
from vizframe.demo.tasks import PLUGINS
from vizframe.store import RunCatalog

DEMO = ["-m", "vizframe", "demo"]


@contextmanager
def busy_port() -> Iterator[int]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening.getsockname()[1]


def test_a_busy_port_is_one_sentence_before_anything_is_trained(tmp_path: Path) -> None:
    with busy_port() as port:
        words = [*DEMO, "--port", str(port), "--runs", str(tmp_path)]
        code, _, said = python(tmp_path, *words)
    assert code == 1
    assert said.startswith(f"vizframe: port {port} of 127.0.0.1 cannot be served")
    assert (said.count("\n"), list(tmp_path.iterdir())) == (1, [])


def test_a_run_that_exists_is_not_trained_over(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    words = [*DEMO, "--run", "mine", "--runs", str(tmp_path), "--no-serve"]
    code, _, said = python(tmp_path, *words)
    assert (code, said) == (
        2,
        f"vizframe: run is 'mine', which exists in {tmp_path}; it can be a new name\n",
    )


def test_the_page_lives_as_long_as_the_block(tmp_path: Path) -> None:
    with serve_folder(tmp_path, 0) as page, urllib.request.urlopen(page.url, timeout=60) as answer:
        assert answer.status == 200
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(page.url, timeout=60)


def test_a_page_with_much_to_say_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "vizframe.py").write_text(
        "import sys, time\n"
        "print('at http://127.0.0.1:1/', flush=True)\n"
        "sys.stderr.write('a warning ' * 100_000)\n"
        "open(sys.argv[2] + '/said', 'w').close()\n"
        "time.sleep(60)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    deadline = time.monotonic() + 60
    with serve_folder(tmp_path, 0):
        while not (tmp_path / "said").exists():
            assert time.monotonic() < deadline
            time.sleep(0.05)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_demo_that_is_ended_by_another_signal_ends_the_page_too(
    number: signal.Signals, tmp_path: Path
) -> None:
    command = [sys.executable, *DEMO, "--port", "0", "--runs", str(tmp_path), "--no-train"]
    demo = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert demo.stdout is not None
    page = demo.stdout.readline().split("Watch it at ")[1].split()[0]
    assert demo.stdout.readline() == "The page stays until Ctrl-C.\n"
    demo.send_signal(number)
    demo.communicate(timeout=60)
    assert demo.returncode == 128 + number
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(page, timeout=60)


def asked_live(page: str) -> dict[str, object]:
    """What the page's network says of itself."""
    with urllib.request.urlopen(f"{page.split('?')[0]}api/v1/live", timeout=60) as answer:
        told: dict[str, object] = json.loads(answer.read())
    return told


def test_the_demo_trains_records_and_serves_and_ctrl_c_ends_it_all(tmp_path: Path) -> None:
    words = ["--port", "0", "--runs", str(tmp_path), "--steps", "100000"]
    command = [sys.executable, *DEMO, *words]
    demo = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    assert demo.stdout is not None
    said = demo.stdout.readline()
    page = said.split("Watch it at ")[1].split()[0]
    assert page.endswith("/?run=mnist-demo")
    catalog = RunCatalog(tmp_path)
    deadline = time.monotonic() + 120
    while not any(run.steps >= 2 for run in catalog.runs()):
        assert time.monotonic() < deadline
        assert demo.poll() is None
        time.sleep(0.2)
    with urllib.request.urlopen(page, timeout=60) as answer:
        assert answer.status == 200
    while "layers" not in asked_live(page):  # until the weights have been kept once
        assert time.monotonic() < deadline
        time.sleep(0.5)
    demo.send_signal(signal.SIGINT)
    out, err = demo.communicate(timeout=60)
    assert (demo.returncode, err) == (0, "")
    assert f"Ended. Look again with: vizframe serve {tmp_path}" in out
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(page, timeout=60)
    history = catalog.open("mnist-demo")
    assert {key.label for key in history.declarations} == set(PLUGINS)
    assert (history.faults(), history.failures()) == ([], [])
    assert {"loss", "accuracy", "weight_norm/conv1"} <= set(history.scalars().values)
    history.close()
