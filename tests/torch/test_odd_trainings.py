"""Trainings whose nets are given, or give, other things than tensors, or change on the way."""

from __future__ import annotations

import copy
import logging
import os
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.utils import prune, rnn

from tests.torch.small import data, functional, small_net
from vizframe.reading.run import Run
from vizframe.reading.run import open as open_run
from vizframe.recording.autostart import record_call
from vizframe.recording.config import Config
from vizframe.recording.recorder import Recorder


def recorded(training: Callable[[], None], folder: Path) -> list[Run]:
    torch.manual_seed(0)
    chosen = Config(every=2, run=str(folder / "train"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        record_call(training, chosen, "train")
    found = [open_run(each) for each in sorted(folder.iterdir())]
    assert [failure for run in found for failure in run.failures] == []
    return found


def fit(net: Any, given: tuple[Any, ...], take: Callable[[Any], Any], steps: int = 4) -> None:
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    for _ in range(steps):
        optimizer.zero_grad()
        take(net(*given)).backward()
        optimizer.step()


class Tied(nn.Module):
    """A language model whose head has the weights of its embedding, and computes its loss."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.ModuleDict({"embed": nn.Embedding(9, 4), "mix": nn.Linear(4, 4)})
        self.head = nn.Linear(4, 9, bias=False)
        self.body["embed"].weight = self.head.weight

    def forward(self, ids: Any, targets: Any) -> tuple[Any, Any]:
        scores = self.head(self.body["mix"](self.body["embed"](ids)))
        return scores, functional.cross_entropy(scores.flatten(0, 1), targets.flatten())


Tied.__module__ = "__main__"  # as a script's own


def tied() -> None:
    ids = torch.randint(0, 9, (3, 5))
    fit(Tied(), (ids, ids), lambda given: given[1])


@dataclass
class Answer:
    loss: Any
    logits: Any


class InAnObject(nn.Module):
    def __init__(self, kind: Callable[[Any], Any]) -> None:
        super().__init__()
        self.dense, self.kind = nn.Linear(3, 2), kind

    def forward(self, rows: Any) -> Any:
        return self.kind(self.dense(rows))


def dataclass_out() -> None:
    net = InAnObject(lambda scores: Answer(None, scores))
    fit(net, (torch.rand(4, 3),), lambda given: given.logits.square().sum())


def distribution_out() -> None:
    net = InAnObject(lambda mean: torch.distributions.Normal(mean, torch.ones(2)))
    fit(net, (torch.rand(4, 3),), lambda given: given.log_prob(torch.ones(2)).sum())


def one_state() -> None:
    fit(nn.Sequential(nn.Linear(3, 2)), (torch.rand(3),), lambda given: given.sum())


class Packed(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed, self.lstm = nn.Embedding(9, 4), nn.LSTM(4, 4, batch_first=True)
        self.dense = nn.Linear(4, 3)

    def forward(self, ids: Any, lengths: Any) -> Any:
        packed = rnn.pack_padded_sequence(
            self.embed(ids), lengths, batch_first=True, enforce_sorted=False
        )
        return self.dense(rnn.pad_packed_sequence(self.lstm(packed)[0], batch_first=True)[0])


def packed() -> None:
    ids, lengths = torch.randint(0, 9, (3, 5)), torch.tensor([5, 2, 4])
    fit(Packed(), (ids, lengths), lambda given: given.square().sum())


def sparse_gradients() -> None:
    net = nn.Sequential(nn.Embedding(9, 4, sparse=True), nn.Flatten(), nn.Linear(8, 3))
    fit(net, (torch.randint(0, 9, (3, 2)),), lambda given: given.square().sum())


class Spectral(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(8, 5, dtype=torch.cfloat))
        self.dense = nn.Linear(64, 3)

    def forward(self, images: Any) -> Any:
        mixed = torch.fft.irfft2(torch.fft.rfft2(images) * self.weight, s=(8, 8))
        return self.dense(mixed.flatten(1))


def complex_weights() -> None:
    fit(Spectral(), (data()[0][:4],), lambda given: given.square().sum())


class OfBytes(nn.Module):
    """It scales its images itself, which are bytes."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.dense = nn.Conv2d(1, 4, 3), nn.Linear(144, 3)

    def forward(self, images: Any) -> Any:
        return self.dense(functional.relu(self.conv(images.float() / 255)).flatten(1))


def bytes_in() -> None:
    images = (255 * data()[0][:4]).to(torch.uint8)
    fit(OfBytes(), (images,), lambda given: given.square().sum())


class Casting(OfBytes):
    """Its forward pass casts automatically by itself, as trainers of mixed precision have it do."""

    def forward(self, images: Any) -> Any:
        with torch.autocast("cpu", torch.bfloat16):
            return super().forward(images).float()


def cast_inside() -> None:
    images = (255 * data()[0][:4]).to(torch.uint8)
    fit(Casting(), (images,), lambda given: given.square().mean())


@pytest.mark.parametrize(
    ("training", "layer"),
    [
        (tied, "head"),
        (cast_inside, "conv"),
        (bytes_in, "conv"),
        (dataclass_out, "dense"),
        (distribution_out, "dense"),
        (one_state, "0"),
        (packed, "dense"),
        (sparse_gradients, "2"),
        (complex_weights, "dense"),
    ],
)
def test_it_is_recorded_to_its_end(
    training: Callable[[], None], layer: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "vizframe"):
        (run,) = recorded(training, tmp_path)
    assert list(run.steps) == [0, 2, 4]
    assert ("activation", layer) in run or ("activation.sequence", layer) in run
    assert run.probe is not None
    assert run.probe.labels is None
    assert [each for each in caplog.messages if "went on" in each or "failed" in each] == []


def test_images_in_bytes_have_gradients_and_are_known_to_be_scaled(tmp_path: Path) -> None:
    (run,) = recorded(bytes_in, tmp_path)
    assert ("saliency.gradient", "dense") in run
    assert [each.rule for each in run.findings if each.rule == "inputs"] == []


@pytest.mark.parametrize("change", ["prune", "replace"])
def test_a_net_that_gets_other_modules_goes_on_as_another_run(change: str, tmp_path: Path) -> None:
    def training() -> None:
        net = small_net()
        fit(net, (data()[0][:4],), lambda given: given.square().mean())
        if change == "prune":
            prune.l1_unstructured(net[0], "weight", 0.5)
        else:
            net[0] = copy.deepcopy(net[0])
        fit(net, (data()[0][:4],), lambda given: given.square().mean())

    first, second = recorded(training, tmp_path)
    assert first.steps[-1] == 4
    assert second.steps[0] == 0
    assert len(second.steps) > 1


def test_of_each_net_it_is_said_why_it_is_not_recorded(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def training() -> None:
        fit(nn.Embedding(9, 4), (torch.tensor([1, 2]),), lambda given: given.sum())
        fit(nn.LayerNorm(3), (torch.rand(4, 3),), lambda given: given.square().sum())

    with caplog.at_level(logging.WARNING, "vizframe"):
        assert recorded(training, tmp_path) == []
    assert [each.partition(" ")[0] for each in caplog.messages] == ["the", "LayerNorm"]


def test_what_a_script_has_put_around_the_calls_of_modules_sees_its_own_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts: list[int] = []

    def training() -> None:
        counts.append(0)
        own: Any = nn.Module.__call__

        def counted(module: Any, *given: Any, **named: Any) -> Any:
            counts[-1] += 1
            return own(module, *given, **named)

        with monkeypatch.context() as patch:
            patch.setattr(nn.Module, "__call__", counted)
            fit(small_net(), (data()[0][:4],), lambda given: given.square().mean())

    training()
    recorded(training, tmp_path)
    assert counts[0] == counts[1] > 0


def in_a_fork(work: Callable[[], int]) -> int:
    """What it gives, as the exit code of a process that is forked for it."""
    child = os.fork()
    if not child:
        os._exit(work())
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_a_fork_leaves_the_recording_to_the_process_that_it_came_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[object] = []
    advance = Recorder.advance

    def count(recorder: Recorder, *given: Any, **named: Any) -> None:
        counted.append(recorder)
        advance(recorder, *given, **named)

    monkeypatch.setattr(Recorder, "advance", count)
    told: list[int] = []

    def training() -> None:
        net, images = small_net(), data()[0][:4]

        def again() -> int:
            counted.clear()
            fit(net, (images,), lambda given: given.square().mean())
            return len(counted)

        told.append(again())
        told.append(in_a_fork(again))
        told.append(again())

    (run,) = recorded(training, tmp_path)
    assert told == [4, 0, 4]
    assert run.steps[-1] == 8


def test_what_a_fork_alone_trains_is_recorded_there(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def training() -> None:
        def work() -> int:
            fit(small_net(), (data()[0][:4],), lambda given: given.square().mean())
            return 0

        in_a_fork(work)

    with caplog.at_level(logging.WARNING, "vizframe"):
        (run,) = recorded(training, tmp_path)
    assert run.steps[0] == 0
    assert caplog.messages == []


def test_a_failing_net_has_the_traceback_that_it_has_alone(tmp_path: Path) -> None:
    told: list[str] = []

    def training() -> None:
        net = small_net()
        for _ in range(2):  # before its calls alone are seen, and after
            fit(net, (data()[0][:4],), lambda given: given.square().mean())
            try:
                net(torch.ones(1, 2, 3))
            except ValueError:
                told.append(traceback.format_exc())

    training()
    recorded(training, tmp_path)
    assert told[:2] == told[2:]
