"""Nets that cannot be looked into: one sentence says so and what to do, and the training goes on
as it does alone."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.distributed as dist
from torch import nn

from tests.torch.observing import start
from tests.torch.small import Left, Training, data, functional
from tests.torch.test_training import assert_same
from vizframe import store
from vizframe.errors import NetworkError
from vizframe.recording.autostart import Watch
from vizframe.recording.config import Config
from vizframe.torch.view import view

pytestmark = pytest.mark.skipif(not dist.is_available(), reason="a build without distributed")


@pytest.fixture
def alone_in_a_group() -> Iterator[None]:
    """One process that is all of a distributed training."""
    dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)
    yield
    dist.destroy_process_group()


def whole(tensor: Any) -> Any:
    """A copy of a tensor, put together where it is spread."""
    found = tensor.full_tensor() if hasattr(tensor, "full_tensor") else tensor
    return found.detach().clone()


def trained(net: Any) -> Left:
    """What four updates leave of it."""
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    images, labels = data(8)
    told = []
    for _ in range(4):
        optimizer.zero_grad()
        loss = functional.cross_entropy(net(images), labels)
        loss.backward()
        optimizer.step()
        told.append(loss.item())
    weights = [whole(each) for each in net.parameters()]
    kept = [whole(e) for s in optimizer.state.values() for e in s.values()]
    return {"weights": weights, "kept": kept, "told": told, "random": torch.rand(3)}


def plain_net() -> Any:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.Dropout(0.3), nn.Flatten(), nn.Linear(256, 3)
    )


def fully_sharded() -> Left:
    """FSDP's second version: parameters are DTensors."""
    from torch.distributed.fsdp import fully_shard

    net = plain_net()
    mesh = dist.init_device_mesh("cpu", (1,))
    fully_shard(net[4], mesh=mesh)
    return trained(fully_shard(net, mesh=mesh))


def sharded_by_a_wrapper() -> Left:
    """FSDP's first version."""
    from torch.distributed.fsdp import FullyShardedDataParallel

    cpu = torch.device("cpu")
    return trained(FullyShardedDataParallel(plain_net(), device_id=cpu, use_orig_params=True))


def scripted() -> Left:
    """TorchScript runs the net by itself."""
    return trained(torch.jit.script(plain_net()))


def record_leniently(training: Training, run: Path) -> Left:
    """What it leaves while it is recorded; what breaks is said, not raised."""
    watch = Watch(Config(every=2, run=str(run)), "train")
    watch.begin()
    try:
        return start(training)
    finally:
        watch.end(failed=False)


def told_once(caplog: pytest.LogCaptureFixture) -> str:
    """The one sentence that was said."""
    (told,) = [each.getMessage() for each in caplog.records if each.levelno >= logging.WARNING]
    return told


@pytest.mark.parametrize(
    ("training", "sentence"),
    [
        (fully_sharded, "is spread over several processes (FSDP); it can be recorded"),
        (sharded_by_a_wrapper, "sharded by FullyShardedDataParallel; it can be recorded"),
        (scripted, "which TorchScript runs by itself; it can be the torch.nn.Module"),
    ],
)
@pytest.mark.usefixtures("alone_in_a_group")
def test_a_net_that_cannot_be_looked_into_trains_as_it_does_alone(
    training: Training, sentence: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        alone = start(training)
        with caplog.at_level(logging.WARNING, "vizframe"):
            watched = record_leniently(training, tmp_path / "run")
    assert_same(alone, watched)
    told = told_once(caplog)
    assert sentence in told
    assert "training goes on without" in told
    assert not (tmp_path / "run").exists()


class KerasLayer(nn.Module):
    """As Keras has them: what is inside is a list of its own."""

    name, kernel_size, data_format = "conv2d", (3, 3), "channels_last"

    def __init__(self) -> None:
        super().__init__()
        self.out = nn.Linear(64, 3)

    def _flatten_layers(self) -> list[Any]:
        return [self]

    def forward(self, x: Any) -> Any:
        return self.out(x.flatten(1))


def test_images_with_their_channels_last_are_refused_in_keras_s_words() -> None:
    with pytest.raises(NetworkError, match=r"'conv2d' takes images as \(y, x, channel\); .*first'"):
        view(KerasLayer(), (8, 8, 1))


@pytest.mark.filterwarnings("ignore")
def test_a_head_behind_a_quantised_net_is_recorded_and_trains_as_it_does_alone(
    tmp_path: Path,
) -> None:
    def training() -> Left:
        torch.manual_seed(0)
        backbone = nn.Sequential(nn.Flatten(), nn.Linear(64, 16), nn.ReLU()).eval()
        frozen = torch.ao.quantization.quantize_dynamic(backbone, {nn.Linear}, dtype=torch.qint8)
        return trained(nn.Sequential(frozen, nn.Dropout(0.2), nn.Linear(16, 3)))

    alone = start(training)
    assert_same(alone, record_leniently(training, tmp_path / "run"))
    history = store.open(tmp_path / "run")
    assert len(history.steps) >= 2
    assert not history.failures()
    assert history.info.layers[-1].shape == (3,)
