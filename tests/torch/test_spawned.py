"""What processes train that a script spawns is recorded by them."""

from __future__ import annotations

import logging
import multiprocessing
import multiprocessing.spawn
import pickle
from multiprocessing.managers import BaseManager
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.utils.data._utils.worker import _worker_loop

from tests.torch.small import data, functional, small_net
from vizframe import store
from vizframe.network.guard import Guard
from vizframe.recording import spawned
from vizframe.recording.autostart import record_call
from vizframe.recording.config import Config
from vizframe.recording.spawning import Heritage, Spawning


def train(seed: int) -> None:
    torch.manual_seed(seed)
    net, (images, labels) = small_net(), data()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    for _ in range(4):
        optimizer.zero_grad()
        functional.cross_entropy(net(images[:4]), labels[:4]).backward()
        optimizer.step()


def train_elsewhere() -> None:
    process = multiprocessing.get_context("spawn").Process(target=train, args=(3,))
    process.start()
    process.join()
    assert process.exitcode == 0


def test_a_process_that_is_spawned_records_what_it_trains(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    chosen = Config(every=2, run=str(tmp_path / "mine"), plugins=("activation",))
    with caplog.at_level(logging.WARNING, "vizframe"):
        record_call(train_elsewhere, chosen, "train")
    assert caplog.messages == []  # that nothing was recorded is not said
    history = store.open(tmp_path / "mine")
    assert history.steps == (0, 2, 4)
    history.close()


@pytest.mark.parametrize(
    ("work", "given", "serves"),
    [
        (_worker_loop, (), True),
        (BaseManager._run_server, (), True),  # type: ignore[attr-defined]  # it has no stub
        (train, (1,), False),
        (train, (BaseManager(),), False),  # what a manager shares is work's own
        (map, (_worker_loop, 1), True),  # a pool that a library has for itself
        (None, (), False),
    ],
)
def test_processes_that_libraries_have_for_themselves_train_nothing(
    work: Any, given: tuple[Any, ...], serves: bool
) -> None:
    process = multiprocessing.Process(target=work, args=given)
    assert spawned._serves_others(process) is serves


def test_what_cannot_be_handed_down_is_said_and_the_process_starts(
    caplog: pytest.LogCaptureFixture,
) -> None:
    chosen = Config(probe=lambda: None)  # which nothing can pickle
    heritage = Heritage(chosen, "train", Path("runs"), "train 1", "spawned by 1")
    spawning = Spawning(heritage, Guard())
    spawning.begin()
    try:
        prepared = multiprocessing.spawn.get_preparation_data("Process-1")
    finally:
        spawning.end()
    assert "vizframe" not in prepared
    assert spawning.seen
    assert len(caplog.messages) == 1
    assert pickle.loads(pickle.dumps(prepared["sys_argv"]))
