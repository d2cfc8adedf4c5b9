"""A network that answers pictures as they come."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vizframe.errors import NetworkError, UnknownName, UsageError
from vizframe.gluon.compat import mx
from vizframe.network.live import Live, inputs_of, leave_a_core, newest_of
from vizframe.network.probe import Normalization

nn = mx.gluon.nn
GREY, COLOUR = (1, 6, 8), (3, 6, 8)
PICTURE = np.random.default_rng(0).integers(0, 256, (6, 8, 3)).astype(np.uint8)


@pytest.fixture
def nets(tmp_path: Path) -> Path:
    """A file whose functions make networks."""
    file = tmp_path / "nets.py"
    file.write_text(
        "from vizframe.gluon.compat import mx\n"
        "def net(channels=1):\n"
        "    net = mx.gluon.nn.HybridSequential()\n"
        "    net.add(mx.gluon.nn.Conv2D(4, 3, in_channels=channels, activation='relu'))\n"
        "    net.add(mx.gluon.nn.Dense(3))\n"
        "    net.initialize(mx.init.Xavier())\n"
        "    net(mx.nd.zeros((1, channels, 6, 8)))\n"
        "    return net\n"
        "def colour(): return net(3)\n"
        "def with_batch(): return net(), mx.nd.random.uniform(-1, 1, (2, 1, 6, 8))\n"
        "def flat():\n"
        "    net = mx.gluon.nn.Dense(3, in_units=5)\n"
        "    net.initialize()\n"
        "    return net\n"
    )
    return file


def make_images(nets: Path, function: str = "net") -> Any:
    scope: dict[str, Any] = {}
    exec(nets.read_text(), scope)
    mx.random.seed(7)
    return scope[function]()


@pytest.mark.parametrize(("function", "shape"), [("net", GREY), ("colour", COLOUR)])
def test_a_picture_is_answered_as_the_network_itself_does(
    function: str, shape: tuple[int, ...], nets: Path, tmp_path: Path
) -> None:
    net = make_images(nets, function)
    net.save_parameters(str(tmp_path / "w.params"))
    live = Live(f"{nets}:{function}", str(tmp_path / "w.params"), shape)
    answer = live.respond(PICTURE, "0")
    inputs = mx.nd.array(inputs_of(PICTURE, shape, Normalization())[None])
    np.testing.assert_allclose(answer.scores, net(inputs).asnumpy()[0], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(answer.maps, net[0](inputs).asnumpy()[0], rtol=1e-5, atol=1e-6)
    assert answer.step is None
    assert live.input_shape == shape
    assert [layer.name for layer in live.layers()][-1] == "1"


def test_the_newest_checkpoint_counts_at_each_question(nets: Path, tmp_path: Path) -> None:
    live = Live(f"{nets}:net", str(tmp_path / "w-*.params"), GREY)
    with pytest.raises(UsageError, match="and no such file is there yet"):
        live.respond(PICTURE, "0")
    net = make_images(nets)
    answers = []
    for step in (3, 20):
        net[0].weight.set_data(net[0].weight.data() + 1)
        net.save_parameters(str(tmp_path / f"w-{step}.params"))
        answers.append(live.respond(PICTURE, "0"))
    assert [answer.step for answer in answers] == [3, 20]
    assert abs(answers[1].maps - answers[0].maps).max() > 0.1


def test_a_file_that_is_written_anew_is_read_anew(nets: Path, tmp_path: Path) -> None:
    file, net = tmp_path / "w.params", make_images(nets)
    net.save_parameters(str(file))
    live = Live(f"{nets}:net", str(file), GREY)
    before = live.respond(PICTURE, "0")
    net[0].weight.set_data(net[0].weight.data() + 1)
    net.save_parameters(str(file))
    os.utime(file, ns=(1, 1))
    assert abs(live.respond(PICTURE, "0").maps - before.maps).max() > 0.1


def test_a_checkpoint_that_is_half_written_leaves_the_one_before(
    nets: Path, tmp_path: Path
) -> None:
    make_images(nets).save_parameters(str(tmp_path / "w-1.params"))
    live = Live(f"{nets}:net", str(tmp_path / "w-*.params"), GREY)
    live.respond(PICTURE, "0")
    (tmp_path / "w-2.params").write_bytes(b"half")
    assert live.respond(PICTURE, "0").step == 1


def test_a_picture_becomes_the_inputs_that_the_normalization_means() -> None:
    normal = Normalization((0.5, 0.4, 0.3), (0.2, 0.1, 0.4))
    found = inputs_of(PICTURE, COLOUR, normal)
    wanted = (PICTURE / 255 - [0.5, 0.4, 0.3]) / [0.2, 0.1, 0.4]
    np.testing.assert_allclose(found, wanted.transpose(2, 0, 1), rtol=1e-5, atol=1e-6)
    grey = inputs_of(PICTURE, GREY, Normalization(low=0, high=255))
    np.testing.assert_allclose(grey[0], PICTURE @ [0.299, 0.587, 0.114], rtol=1e-5)


def test_the_batch_of_the_model_s_function_tells_the_range(nets: Path) -> None:
    live = Live(f"{nets}:with_batch")
    live.respond(PICTURE, "0")
    assert live._opened is not None
    assert live._opened.normalization.low == pytest.approx(-1, abs=0.2)


def test_what_cannot_be_asked_is_one_sentence(nets: Path, tmp_path: Path) -> None:
    live = Live(f"{nets}:net", None, GREY)
    with pytest.raises(UsageError, match=r"the picture has the shape .*; it can be \(6, 8, 3\)"):
        live.respond(PICTURE[:5], "0")
    with pytest.raises(UnknownName, match="layer 'conv9' is not known"):
        live.respond(PICTURE, "conv9")
    with pytest.raises(UsageError, match="give it: --shape 3,224,224"):
        Live(f"{nets}:net").layers()
    with pytest.raises(UsageError, match=r"a picture can be \(1, y, x\) or \(3, y, x\)"):
        Live(f"{nets}:flat", None, (5,)).layers()
    (tmp_path / "bad.params").write_bytes(b"bad")
    with pytest.raises(NetworkError, match="cannot be loaded into the model"):
        Live(f"{nets}:net", str(tmp_path / "bad.params"), GREY).layers()


def test_the_newest_of_a_pattern_is_that_of_the_highest_step(tmp_path: Path) -> None:
    for step in (5, 40, 9):
        (tmp_path / f"w-{step}.params").touch()
    assert newest_of(str(tmp_path / "w-*.params")).step == 40
    assert newest_of(str(tmp_path / "w-5.params")).step is None


def test_a_checkpoint_that_was_read_and_no_longer_can_be_is_said(
    nets: Path, tmp_path: Path
) -> None:
    file = tmp_path / "w.params"
    make_images(nets).save_parameters(str(file))
    live = Live(f"{nets}:net", str(file), GREY)
    live.respond(PICTURE, "0")
    file.write_bytes(b"nothing that a network could read")
    with pytest.raises(NetworkError, match="cannot be loaded into the model"):
        live.respond(PICTURE, "0")


def test_a_server_leaves_a_core_unless_told_how_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    leave_a_core()
    assert os.environ["OMP_NUM_THREADS"] == "3"
    monkeypatch.delenv("OMP_NUM_THREADS")
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(8)), raising=False)
    leave_a_core()
    assert os.environ["OMP_NUM_THREADS"] == "7"
