"""A run's own network, asked in a process beside this one."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.asking.kept_runs import PROBE, SHAPE, TRAININGS, record, recorder
from vizframe.asking.apart import Apart, kept_weights
from vizframe.asking.question import Question, Unchanged
from vizframe.errors import NetworkError, UsageError
from vizframe.network.adapter import adapter_for
from vizframe.network.frozen import Frozen
from vizframe.network.kept import KeptWeights
from vizframe.network.unit_change import changes_of


@pytest.fixture(scope="module", params=list(TRAININGS))
def recorded(request: pytest.FixtureRequest, tmp_path_factory: Any) -> tuple[Path, Any]:
    run = tmp_path_factory.mktemp("runs") / request.param
    return run, record(TRAININGS[request.param](), run)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One more, never changed."""
    run = tmp_path_factory.mktemp("kept") / "run"
    record(TRAININGS["torch"](), run)
    return run


@pytest.fixture(scope="module")
def apart(recorded: tuple[Path, Any]) -> Iterator[Apart]:
    found = Apart(recorded[0])
    yield found
    found.close()
    assert not found.is_running


def test_it_says_what_the_network_itself_says(apart: Apart, recorded: tuple[Path, Any]) -> None:
    _, training = recorded
    network = adapter_for(training.net).network(training.net, PROBE.images)
    assert apart.input_shape == SHAPE
    assert [e.name for e in apart.layers()] == [e.name for e in network.layers]
    changes = changes_of(f"{training.conv}:0:off,{training.conv}:1:*2,{training.dense}:2:=9")
    for is_difference in (False, True):
        question = Question(training.conv, changes, 3, is_difference)
        found = apart.reply(PROBE.images, question)
        wanted = Unchanged().reply(network, None, PROBE.images, question, 4)
        assert (found.layer, found.image, found.step) == (training.conv, 3, 4)
        np.testing.assert_allclose(found.maps, wanted.maps, rtol=0, atol=1e-6)
        np.testing.assert_allclose(found.before, training.scores(), atol=1e-5)
        np.testing.assert_allclose(found.after, wanted.after, rtol=0, atol=1e-5)
    np.testing.assert_allclose(apart.scores(PROBE.images, changes), found.after, atol=1e-6)


def test_what_cannot_be_asked_is_a_sentence_and_the_next_question_is_replied_to(
    apart: Apart,
) -> None:
    for question, sentence in (
        (Question("nowhere"), "layer 'nowhere' is not known"),
        (Question("conv", changes_of("conv:99:off")), "unit of layer 'conv' is 99"),
    ):
        with pytest.raises(UsageError, match=sentence):
            apart.reply(PROBE.images, question)
    with pytest.raises(UsageError, match="the weights of step 2 are not kept any more; the newest"):
        apart.turn_to(2)
    assert apart.reply(PROBE.images[:2], Question("end")).after.shape == (2, 3)


def test_newer_weights_are_taken_when_they_are_asked_for(tmp_path: Path) -> None:
    training = TRAININGS["torch"]()
    with ExitStack() as stack, recorder(training, tmp_path / "run") as recording:
        found = stack.enter_context(closing(Apart(tmp_path / "run")))
        for _ in range(2):
            training.update()
            recording.step()
        first = training.scores().copy()
        np.testing.assert_allclose(found.scores(PROBE.images, ()), first, atol=1e-6)
        for _ in range(2):
            training.update()
            recording.step()
        np.testing.assert_allclose(found.scores(PROBE.images, ()), first, atol=1e-6)
        assert (found.step, found.steps) == (2, [4])
        found.turn_to("newest")
        np.testing.assert_allclose(found.scores(PROBE.images, ()), training.scores(), atol=1e-6)
        assert found.step == 4
        _killed_and_started_again(found, training)
        _described_anew(found, tmp_path / "run")


def _killed_and_started_again(found: Apart, training: Any) -> None:
    assert found._child is not None
    os.kill(found._child.pid, signal.SIGKILL)
    found._child.wait()
    np.testing.assert_allclose(found.scores(PROBE.images, ()), training.scores(), atol=1e-6)


def _described_anew(found: Apart, run: Path) -> None:
    """Another recording into the run, whose network is written otherwise."""
    kept = kept_weights(run)
    other = TRAININGS["torch"]()
    network = adapter_for(other.net).network(other.net, PROBE.images)
    frozen = adapter_for(other.net).freeze(network)  # type: ignore[attr-defined]  # a Freezer
    kept.clear()
    kept.take(9, Frozen(frozen.description + " ", frozen.arrays))
    found.turn_to("newest")
    np.testing.assert_allclose(found.scores(PROBE.images, ()), other.scores(), atol=1e-6)


@pytest.mark.parametrize("megabytes", [1, 30])
def test_a_network_that_may_take_little_is_refused_and_that_is_said(
    megabytes: int, recorded: tuple[Path, Any]
) -> None:
    told = r"needs more memory than it may|ended its process"
    asked = Apart(recorded[0], memory=megabytes << 20)
    with closing(asked) as found, pytest.raises(NetworkError, match=told):
        found.layers()


def test_a_process_that_does_not_reply_is_ended(kept: Path) -> None:
    found = Apart(kept, seconds=0.01, start=0)
    with pytest.raises(NetworkError, match="did not reply within 0 s, and was ended"):
        found.layers()
    assert not found.is_running


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("network.json", b"[]"),
        ("network.json", b'{"framework": "nothing"}'),
        ("000000000004.npz", b"PK"),
    ],
)
def test_damaged_files_are_a_sentence(name: str, data: bytes, kept: Path, tmp_path: Path) -> None:
    shutil.copytree(kept, tmp_path / "run")
    (tmp_path / "run" / "weights" / name).write_bytes(data)
    told = r"damaged|cannot be read|no adapter here"
    with closing(Apart(tmp_path / "run")) as found, pytest.raises(NetworkError, match=told):
        found.layers()


def test_snapshots_are_asked_where_there_are_no_newest_weights(tmp_path: Path) -> None:
    record(TRAININGS["torch"](), tmp_path / "run", defer=True)
    assert list(kept_weights(tmp_path / "run").steps) == [0, 2, 4]
    assert not KeptWeights(tmp_path / "run" / "weights").steps
