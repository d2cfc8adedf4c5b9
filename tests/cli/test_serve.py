"""`vizframe serve`."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.cli.calling import call, make_run


def test_it_says_where_the_page_is_and_ctrl_c_ends_it_quietly(tmp_path: Path) -> None:
    make_run(tmp_path / "run")
    with subprocess.Popen(
        [sys.executable, "-m", "vizframe", "serve", str(tmp_path), "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    ) as served:
        assert served.stdout is not None
        said = served.stdout.readline()
        found = re.search(r"shows \S+ at (http://127\.0\.0\.1:\d+/)", said)
        assert found is not None, said
        with urllib.request.urlopen(f"{found[1]}api/v1/runs") as answer:
            assert b'"run":"run"' in answer.read()
        served.send_signal(signal.SIGINT)
        _, complaints = served.communicate(timeout=60)
    assert served.returncode == 0
    assert complaints == ""


def test_a_busy_port_is_one_sentence_and_exit_code_1(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        called = call("serve", str(tmp_path), "--port", str(taken.getsockname()[1]))
    assert called.code == 1
    assert re.fullmatch(
        r"vizframe: port \d+ of 127\.0\.0\.1 cannot be served \(Address already in use\); "
        r"choose another with --port, or let --port 0 pick a free one\n",
        called.err,
    )


def test_a_run_that_cannot_be_reached_is_one_sentence() -> None:
    called = call("serve", "http://127.0.0.1:9/x.h5")
    assert called.code == 1
    assert called.err.startswith("vizframe: http://127.0.0.1:9/x.h5 cannot be read: ")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            ["--weights", "w.params"],
            "--weights, --shape and --images are for a --model, which is missing",
        ),
        (["--model", "nets:lenet", "--shape", "8x8"], "shape is '8x8'; it can be the sizes of one"),
    ],
)
def test_a_network_that_is_given_wrongly_is_one_sentence(
    words: list[str], sentence: str, tmp_path: Path
) -> None:
    called = call("serve", str(tmp_path), *words)
    assert called.code == 2
    assert called.err.startswith(f"vizframe: {sentence}")


def test_an_address_that_others_reach_has_to_be_meant(tmp_path: Path) -> None:
    called = call("serve", str(tmp_path), "--host", "0.0.0.0")
    assert called.code == 2
    assert "it can be 127.0.0.1, or any other with --allow-remote" in called.err
