"""How much units changed, and when: against a slow twin."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient

from vizframe.history import History, SeriesKey
from vizframe.network import FloatArray

KERNELS = SeriesKey(label="weights", layer="conv0")
QUERY = "run=fake&kind=weights&layer=conv0"


def kernels(history: History, step: int) -> FloatArray:
    """Those of the first input, (unit, values)."""
    values = history.tiles(KERNELS, step).values()
    first = values[:, 0] if values.ndim == 4 else values
    return first.reshape(len(first), -1)


def ask(client: FlaskClient, address: str) -> dict[str, Any]:
    response = client.get(f"/api/v1/{address}")
    assert response.status_code == 200, response.json
    found: dict[str, Any] = json.loads(response.data)
    return found


def test_the_change_between_two_steps_is_the_root_mean_square(
    client: FlaskClient, history: History
) -> None:
    found = ask(client, f"change?{QUERY}&step=100&since=0")["change"]
    now, then = kernels(history, 100), kernels(history, 0)
    by_hand = [np.sqrt(np.mean((a.astype(float) - b) ** 2)) for a, b in zip(now, then, strict=True)]
    np.testing.assert_allclose(found, by_hand, rtol=1e-6)


def test_a_step_that_is_not_there_is_a_sentence(client: FlaskClient) -> None:
    response = client.get(f"/api/v1/change?{QUERY}&step=100&since=7")
    assert (response.status_code, b"step" in response.data) == (404, True)


def test_a_unit_is_formed_when_half_of_its_change_is_done(
    client: FlaskClient, history: History
) -> None:
    found = ask(client, f"formed?{QUERY}")
    steps = list(history.series_steps(KERNELS))
    assert found["looked_at"] == len(steps) <= 24
    for unit, (half, most) in enumerate(zip(found["half"], found["most"], strict=True)):
        films = [kernels(history, step)[unit].astype(float) for step in steps]
        moves = [np.sqrt(np.mean((b - a) ** 2)) for a, b in pairwise(films)]
        done = np.cumsum(moves) / np.sum(moves)
        assert half == steps[1 + int(np.argmax(done >= 0.5 - 1e-12))]
        assert most == steps[1 + int(np.argmax(done >= 0.9 - 1e-12))]


@pytest.mark.parametrize("layer", ["features.conv1", "dense0"])
def test_every_layer_can_be_asked(layer: str, client: FlaskClient) -> None:
    assert len(ask(client, f"formed?run=fake&kind=weights&layer={layer}")["half"]) > 0
