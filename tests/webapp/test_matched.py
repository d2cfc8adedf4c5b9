"""Units of two runs matched, asked without a browser."""

from __future__ import annotations

import numpy as np
import pytest
from flask.testing import FlaskClient

from vizframe.history import RunInfo, StepRecord
from vizframe.history.memory import MemoryCatalog, MemoryRun
from vizframe.network import FloatArray
from vizframe.network.probe import Probe
from vizframe.plugin.frame import Frame
from vizframe.plugins.activation import Activation
from vizframe.plugins.weights import Weights
from vizframe.recording.declare import declaration
from vizframe.testing.runs import fake_info, fake_probe

DRAW = np.random.default_rng(3)
MAPS = DRAW.random((4, 8, 6, 6)).astype(np.float32)
KERNELS = DRAW.normal(size=(8, 3, 5, 5)).astype(np.float32)
ORDER = DRAW.permutation(8)


def run_of(info: RunInfo, maps: FloatArray, kernels: FloatArray, probe: Probe) -> MemoryRun:
    run = MemoryRun(info, probe)
    frames = (
        (Activation(), Frame("conv0", maps)),
        (Weights(), Frame("conv0", kernels)),
        (Weights(), Frame("features.conv1", DRAW.normal(size=(16, 8, 3, 3)).astype(np.float32))),
    )
    with run.writer() as writer:
        declared = [(declaration(plugin.name, plugin, frame), frame) for plugin, frame in frames]
        writer.commit(StepRecord(step=5, frames=declared))
    return run


@pytest.fixture(scope="module")
def asked() -> FlaskClient:
    one, two = fake_info("one"), fake_info("two").model_copy(update={"id": "2"})
    other = fake_info("three").model_copy(update={"id": "3"})
    maps, kernels = MAPS[:, ORDER].copy(), KERNELS[ORDER].copy()
    maps[:, 2] = DRAW.random((4, 6, 6))
    catalog = MemoryCatalog(
        {
            "one": run_of(one, MAPS, KERNELS, fake_probe()),
            "two": run_of(two, maps, kernels, fake_probe()),
            "three": run_of(other, MAPS, KERNELS, fake_probe(3)),
        }
    )
    from vizframe.webapp import create_app

    found: FlaskClient = create_app(catalog).server.test_client()
    return found


def ask(client: FlaskClient, **arguments: object) -> dict[str, object]:
    usual = {"run": "one", "layer": "conv0", "step": 5, "with": "two", "withstep": 5}
    told = client.get("/api/v1/match", query_string={**usual, **arguments}).json
    assert told is not None
    found: dict[str, object] = told
    return found


def test_filters_of_another_seed_are_found_by_what_they_do(asked: FlaskClient) -> None:
    told = ask(asked)
    wanted = np.argsort(ORDER).tolist()
    wanted[ORDER[2]] = None
    assert told["partner"] == wanted
    assert told["unmatched"] == [2]


def test_and_by_their_kernels(asked: FlaskClient) -> None:
    assert ask(asked, by="weights")["partner"] == np.argsort(ORDER).tolist()


def test_a_run_is_matched_with_itself(asked: FlaskClient) -> None:
    assert ask(asked, **{"with": "one"})["partner"] == list(range(8))
    found = ask(asked, **{"with": "one"}, layer="features.conv1", by="weights")
    assert found["partner"] == list(range(16))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"with": "three"}, "the two runs have other probes"),
        ({"layer": "features.conv1", "by": "weights"}, "reads units that are in another order"),
        ({"by": "colour"}, "by is 'colour'; it can be activation or weights"),
        ({"step": 6}, "has no activation of layer 'conv0' at step 6"),
        ({"layer": "dense0"}, "has no activation of layer 'dense0'"),
        ({"with": "nowhere"}, "run 'nowhere' is not known"),
    ],
)
def test_what_cannot_be_matched_is_said(
    arguments: dict[str, object], sentence: str, asked: FlaskClient
) -> None:
    assert sentence in str(ask(asked, **arguments)["error"])
