"""The network that the Live page asks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from flask.testing import FlaskClient

from tests.webapp.test_api import unpack_body
from vizframe.demo.digits import CLASSES
from vizframe.demo.mnist import network
from vizframe.history.memory import MemoryCatalog, MemoryRun
from vizframe.network.live import Live
from vizframe.network.probe import Normalization, Probe
from vizframe.testing.runs import fake_info
from vizframe.webapp import create_app

MODEL, SHAPE = "vizframe.demo.mnist:network", (1, 28, 28)
PICTURE = np.random.default_rng(0).integers(0, 256, (28, 28, 3)).astype(np.uint8)


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Live:
    file = tmp_path_factory.mktemp("weights") / "w-40.params"
    network().save_parameters(str(file))
    return Live(MODEL, str(file.with_name("w-*.params")), SHAPE)


@pytest.fixture(scope="module")
def asked(live: Live) -> FlaskClient:
    """A server with a network, and a run whose probe says how pictures relate to its inputs."""
    probe = Probe(np.zeros((1, *SHAPE), np.float32), normalization=Normalization((0.1,), (0.3,)))
    info = fake_info("mnist").model_copy(update={"class_names": CLASSES})
    catalog = MemoryCatalog({"mnist": MemoryRun(info, probe)})
    found: FlaskClient = create_app(catalog, live=live).server.test_client()
    return found


def test_what_can_be_asked_is_told(asked: FlaskClient) -> None:
    told = asked.get("/api/v1/live").json
    assert told is not None
    assert (told["channels"], told["height"], told["width"]) == SHAPE
    assert {"name": "conv1", "units": 32, "shape": [32, 28, 28]} in told["layers"]
    assert told["layers"][-1]["name"] == "dense"


def test_a_picture_is_answered_with_the_layer_s_maps(asked: FlaskClient, live: Live) -> None:
    response = asked.post("/api/v1/live?layer=conv1", data=PICTURE.tobytes())
    head, tiles = unpack_body(response.data)
    answer = live.respond(PICTURE, "conv1")
    np.testing.assert_allclose(tiles.values(), answer.maps, atol=answer.maps.max() / 200)
    assert (head["layer"], head["step"], head["signed"]) == ("conv1", 40, False)
    best = head["best"]
    assert isinstance(best, list)
    assert best[0][0] == str(answer.scores.argmax())
    shares = np.exp(answer.scores - answer.scores.max())
    assert best[0][1] == pytest.approx(shares.max() / shares.sum(), rel=1e-5)
    assert response.headers["Cache-Control"] == "no-store"


def test_the_run_that_is_shown_says_how_pictures_relate_to_inputs(
    asked: FlaskClient, live: Live
) -> None:
    response = asked.post("/api/v1/live?layer=conv1&run=mnist", data=PICTURE.tobytes())
    _, tiles = unpack_body(response.data)
    wanted = live.respond(PICTURE, "conv1", Normalization((0.1,), (0.3,))).maps
    np.testing.assert_allclose(tiles.values(), wanted, atol=wanted.max() / 200)


def test_a_dense_layer_gives_bars(asked: FlaskClient) -> None:
    head, tiles = unpack_body(asked.post("/api/v1/live?layer=dense", data=PICTURE.tobytes()).data)
    assert (head["count"], head["picture"]) == (10, [])
    assert tiles.low.shape == (10,)


@pytest.mark.parametrize(
    ("query", "data", "status", "sentence"),
    [
        ("layer=conv1", b"abc", 400, "the picture has 3 bytes; it can have 2352"),
        ("layer=conv9", PICTURE.tobytes(), 404, "layer 'conv9' is not known"),
        ("", PICTURE.tobytes(), 400, "the address has no 'layer'"),
        ("layer=conv1&run=none", PICTURE.tobytes(), 404, "run 'none' is not known"),
    ],
)
def test_what_cannot_be_answered_is_a_sentence(
    query: str, data: bytes, status: int, sentence: str, asked: FlaskClient
) -> None:
    response = asked.post(f"/api/v1/live?{query}", data=data)
    assert response.status_code == status
    assert response.json is not None
    assert response.json["error"].startswith(sentence)


def test_without_a_network_the_page_is_told_how_to_give_one(client: FlaskClient) -> None:
    told = client.get("/api/v1/live").json
    assert told is not None
    assert told["why"].startswith("there is no network to ask")
    assert told["cure"].startswith("vizframe serve runs --model ")
    assert not told["again"]
    assert client.post("/api/v1/live?layer=conv1", data=b"").status_code == 400


def test_weights_that_are_not_there_yet_may_come(tmp_path: Path) -> None:
    waiting = Live(MODEL, str(tmp_path / "w-*.params"), SHAPE)
    client = create_app(MemoryCatalog({}), live=waiting).server.test_client()
    told = client.get("/api/v1/live").json
    assert told is not None
    assert told["again"]
    assert "no such file is there yet" in told["why"]
    network().save_parameters(str(tmp_path / "w-1.params"))
    answered = client.get("/api/v1/live").json
    assert answered is not None
    assert answered["height"] == 28
