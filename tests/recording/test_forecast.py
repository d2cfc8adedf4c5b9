"""What a recording would cost, told before anything is recorded."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from vizframe.errors import ForecastTold, TrainingStopped, UsageError
from vizframe.gluon.compat import mx
from vizframe.network.adapter import Batch
from vizframe.network.guard import Guard
from vizframe.recording.config import Config
from vizframe.recording.forecast import A_RUN, foretell

nn = mx.gluon.nn


def net() -> Any:
    made = nn.HybridSequential()
    made.add(nn.Conv2D(8, 3, activation="relu"), nn.MaxPool2D(), nn.Conv2D(16, 3), nn.Dense(3))
    made.initialize(mx.init.Xavier())
    made(mx.nd.zeros((1, 1, 12, 12)))
    return made


def batch() -> Batch:
    return Batch(np.random.default_rng(0).random((8, 1, 12, 12), np.float32))


def numbers(lines: list[str], label: str) -> tuple[float, float, float]:
    (line,) = (each for each in lines if each.startswith(label))
    found = re.match(r"\S+\s+([\d.,]+) s\s+([\d.,]+)\s+([\d.,]+)", line)
    assert found is not None
    seconds, step, run = (float(each.replace(",", "")) for each in found.groups())
    return seconds, step, run


def test_each_plugin_has_its_seconds_and_megabytes() -> None:
    model = net()
    weights = model[0].weight.data().asnumpy()
    lines = foretell(model, batch(), Config.of({"plugins": ["activation", "deconvolution"]}))
    assert "nothing is recorded" in lines[0]
    _, step, run = numbers(lines, "activation")
    # 8 images of 8 maps of 10², 16 of 3² and 3 scores, at a byte; and their summary
    assert step == pytest.approx(8 * (8 * 100 + 16 * 9 + 3) / 1e6, abs=0.06)
    assert run == pytest.approx(A_RUN * 8 * (8 * 100 + 16 * 9 + 3) / 1e6, abs=0.6)
    together = numbers(lines, "together")
    for column in range(3):
        parts = sum(numbers(lines, label)[column] for label in ("activation", "deconvolution"))
        assert together[column] == pytest.approx(parts, abs=1.1)
    np.testing.assert_array_equal(model[0].weight.data().asnumpy(), weights)


def test_what_is_left_out_is_told_beside_what_all_would_cost() -> None:
    chosen = Config.of({"plugins": ["deconvolution"], "units": 2, "budget": "20%"})
    (line,) = (each for each in foretell(net(), batch(), chosen) if each.startswith("deconv"))
    assert "2 of up to 16 units (all: " in line


def test_a_slow_plugin_is_foretold_by_its_own_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vizframe.recording.forecast.LONGEST", 0.05)
    options = {"gradient_ascent": {"iterations": 2_000}}
    chosen = Config.of({"plugins": ["gradient_ascent"], "options": options})
    assert numbers(foretell(net(), batch(), chosen), "gradient_ascent")[0] > 0.05


def test_a_plugin_that_gives_nothing_for_the_net_says_why() -> None:
    flat = nn.Dense(3)
    flat.initialize()
    flat(mx.nd.zeros((1, 5)))
    rows = Batch(np.zeros((4, 5), np.float32))
    lines = foretell(flat, rows, Config.of({"plugins": ["deconvolution"]}))
    assert any(each.startswith("deconvolution") and "needs images" in each for each in lines)


def test_what_the_recording_would_refuse_is_refused() -> None:
    with pytest.raises(UsageError):
        foretell(net(), batch(), Config.of({"layers": "nothing.*"}))


def test_a_told_forecast_passes_every_guard_and_ends_well() -> None:
    guard = Guard()
    with pytest.raises(ForecastTold) as told, guard("the recording"):
        raise ForecastTold
    assert told.value.code == 0
    assert ForecastTold(failed=True).code == 1
    with pytest.raises(TrainingStopped):
        guard.meet("what was to be seen", ForecastTold())
