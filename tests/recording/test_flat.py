"""Nets that take images as rows of numbers are seen as taking images."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from vizframe.errors import UsageError
from vizframe.gluon.compat import mx
from vizframe.history import RunInfo
from vizframe.history.memory import MemoryRun, MemoryWriter
from vizframe.network.adapter import Batch
from vizframe.network.probe import Probe
from vizframe.recording.probe_choice import unflattened
from vizframe.recording.recorder import Recorder

nn, autograd = mx.gluon.nn, mx.autograd


class Rows(mx.gluon.Block):  # type: ignore[misc]  # MXNet has no types
    """A net without a graph, which cannot take images otherwise."""

    def __init__(self) -> None:
        super().__init__()
        with self.name_scope():
            self.a, self.b = nn.Dense(4, flatten=False), nn.Dense(3)

    def forward(self, rows: Any) -> Any:
        assert len(rows.shape) == 2
        return self.b(self.a(rows))


def sequential() -> Any:
    net = nn.HybridSequential()
    net.add(nn.Dense(4, activation="relu", flatten=False), nn.Dense(3))
    return net


def recorded(net: Any, numbers: int, **options: Any) -> MemoryRun:
    runs: list[MemoryRun] = []

    def open_writer(info: RunInfo, probe: Probe) -> MemoryWriter:
        runs.append(MemoryRun(info, probe))
        return runs[-1].writer()

    net.initialize()
    with Recorder(net, open_writer, every=1, strict=True, **options) as recorder:
        with autograd.record():
            net(mx.nd.random.uniform(shape=(5, numbers)))
        recorder.step()
    return runs[0]


@pytest.mark.parametrize("make", [sequential, Rows])
@pytest.mark.parametrize(
    ("numbers", "shape", "seen"),
    [(784, None, (1, 28, 28)), (3072, None, (3, 32, 32)), (12, "3,2,2", (3, 2, 2))],
)
def test_rows_are_images_where_their_shape_is_usual_or_given(
    make: Any, numbers: int, shape: str | None, seen: tuple[int, ...]
) -> None:
    history = recorded(make(), numbers, shape=shape, plugins=["activation", "weights"]).history()
    assert history.probe is not None
    assert history.probe.images.shape == (5, *seen)
    first = next(key for key in history.declarations if key.label == "weights")
    assert history.declarations[first].picture_shape == seen[1:]
    assert list(history.steps) == [0, 1]


def test_other_rows_stay_rows() -> None:
    history = recorded(sequential(), 13, plugins=["activation"]).history()
    assert history.probe is not None
    assert history.probe.images.shape == (5, 13)


def test_a_shape_that_does_not_fit_the_rows_is_refused() -> None:
    batch = Batch(np.zeros((2, 12), np.float32))
    with pytest.raises(
        UsageError, match="shape is 1,4,4; it can be one whose sizes multiply to 12"
    ):
        unflattened(batch, (1, 4, 4))
