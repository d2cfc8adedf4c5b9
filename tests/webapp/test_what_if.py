"""What if, asked without a browser: scores with units changed, accuracy, checkpoints."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from flask.testing import FlaskClient
from PIL import Image

from tests.webapp.test_api import unpack_body
from vizframe.demo.digits import CLASSES
from vizframe.demo.mnist import network as gluon_digits
from vizframe.history.memory import MemoryCatalog, MemoryRun
from vizframe.network.live import Live
from vizframe.network.probe import Probe
from vizframe.testing.runs import fake_info
from vizframe.torch.digits import network as torch_digits
from vizframe.webapp import create_app

SHAPE = (1, 28, 28)
IMAGES = np.random.default_rng(0).random((6, *SHAPE)).astype(np.float32)
LABELS = np.array([0, 1, 2, 3, 4, 5])
PICTURE = np.random.default_rng(1).integers(0, 256, (28, 28, 3)).astype(np.uint8)


def gluon_weights(folder: Path) -> tuple[str, str]:
    gluon_digits().save_parameters(str(folder / "w-40.params"))
    return "vizframe.demo.mnist:network", str(folder / "w-*.params")


def torch_weights(folder: Path) -> tuple[str, str]:
    import torch

    torch.save(torch_digits().state_dict(), folder / "w-40.pt")
    return "vizframe.torch.digits:network", str(folder / "w-*.pt")


@pytest.fixture(scope="module", params=[gluon_weights, torch_weights], ids=["gluon", "torch"])
def live(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Live:
    make: Callable[[Path], tuple[str, str]] = request.param
    return Live(*make(tmp_path_factory.mktemp("weights")), SHAPE)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("images")
    for label in ("3", "7"):
        (found / label).mkdir()
        Image.fromarray(PICTURE).save(found / label / "a.png")
    return found


@pytest.fixture(scope="module")
def asked(live: Live, folder: Path) -> FlaskClient:
    info = fake_info("mnist").model_copy(update={"class_names": CLASSES})
    catalog = MemoryCatalog({"mnist": MemoryRun(info, Probe(IMAGES, LABELS))})
    found: FlaskClient = create_app(catalog, live=live, images=folder).server.test_client()
    return found


def test_nothing_changed_is_the_network_as_it_is(asked: FlaskClient, live: Live) -> None:
    head, tiles = unpack_body(asked.post("/api/v1/whatif?layer=conv1&run=mnist&image=2").data)
    with live.borrow() as opened:
        maps = opened.network.activations(IMAGES, ["conv1"])["conv1"][2]
        scores = opened.network.scores(IMAGES)
    np.testing.assert_allclose(tiles.values(), maps, atol=maps.max() / 200)
    assert (head["turned"], head["image"]) == (0, 2)
    right = (scores.argmax(axis=1) == LABELS).mean()
    assert head["accuracy"] == [pytest.approx(right)] * 2
    assert head["predicted"] == [[CLASSES[each] for each in scores.argmax(axis=1)]] * 2


def test_a_unit_that_is_off_changes_scores_and_maps(asked: FlaskClient, live: Live) -> None:
    changes = "conv1:0:off,conv1:1:*2,dense:3:=100"
    query = f"layer=conv1&run=mnist&changes={changes}"
    head, tiles = unpack_body(asked.post(f"/api/v1/whatif?{query}").data)
    assert not tiles.values()[0].any()
    assert head["predicted"][1] == [CLASSES[3]] * 6  # type: ignore[index]
    assert head["bars"][0][0] == CLASSES[3]  # type: ignore[index]
    assert head["bars"][0][2] == pytest.approx(1)  # type: ignore[index]
    with live.borrow() as opened:
        maps = opened.network.activations(IMAGES, ["conv1"])["conv1"][0]
    np.testing.assert_allclose(tiles.values()[1], 2 * maps[1], atol=maps.max() / 50)
    _, moved = unpack_body(asked.post(f"/api/v1/whatif?{query}&show=difference").data)
    np.testing.assert_allclose(moved.values()[0], -maps[0], atol=maps.max() / 50)


def test_a_picture_of_one_s_own_stands_for_the_probe(asked: FlaskClient) -> None:
    query = "layer=dense&run=mnist&changes=dense:7:=50"
    head, tiles = unpack_body(asked.post(f"/api/v1/whatif?{query}", data=PICTURE.tobytes()).data)
    assert (head["count"], len(head["predicted"][0])) == (10, 1)  # type: ignore[index]
    assert "accuracy" not in head
    assert tiles.low[7] == 50


def test_accuracy_is_measured_on_a_folder(asked: FlaskClient) -> None:
    told = asked.get("/api/v1/judged?run=mnist&changes=dense:7:=100").json
    assert told is not None
    assert (told["after"], told["count"]) == (0.5, 2)
    assert told["before"] in (0.0, 0.5)


def test_a_checkpoint_has_the_changes_in_it(asked: FlaskClient, live: Live, tmp_path: Path) -> None:
    changes = "conv1:0:off,conv1:2:*0.5,conv2:5:off,dense:1:*3"
    response = asked.get(f"/api/v1/masked?run=mnist&changes={changes}")
    assert response.status_code == 200, response.json
    assert "masked-40" in response.headers["Content-Disposition"]
    path = tmp_path / response.headers["Content-Disposition"].split('"')[1]
    path.write_bytes(response.data)
    found = Live(live.model, str(path), SHAPE)
    with live.borrow() as before, found.borrow() as after:
        kernel = before.network.weights("conv1")["weight"]
        masked = after.network.weights("conv1")["weight"]
    assert not masked[0].any()
    np.testing.assert_allclose(masked[2], kernel[2] / 2)
    np.testing.assert_array_equal(masked[3:], kernel[3:])
    head, _ = unpack_body(
        asked.post(f"/api/v1/whatif?layer=dense&run=mnist&changes={changes}").data
    )
    with found.borrow() as opened:
        predicted = opened.network.scores(IMAGES).argmax(axis=1)
    assert head["predicted"][1] == [CLASSES[each] for each in predicted]  # type: ignore[index]


@pytest.mark.parametrize(
    ("address", "status", "sentence"),
    [
        ("whatif?layer=conv1&run=mnist&changes=conv1:0", 400, "a change of a unit is 'conv1:0'"),
        ("whatif?layer=conv1&run=mnist&changes=conv9:0:off", 404, "layer 'conv9' is not known"),
        ("whatif?layer=conv1&run=mnist&changes=conv1:99:off", 400, "unit of layer 'conv1' is 99"),
        ("whatif?layer=conv1&changes=conv1:0:off", 400, "the run has no probe of the network's"),
        ("whatif?run=mnist", 400, "the address has no 'layer'"),
    ],
)
def test_what_cannot_be_changed_is_a_sentence(
    address: str, status: int, sentence: str, asked: FlaskClient
) -> None:
    response = asked.post(f"/api/v1/{address}")
    assert response.status_code == status
    assert response.json is not None
    assert response.json["error"].startswith(sentence)


def test_what_no_weight_can_do_is_not_written(asked: FlaskClient) -> None:
    response = asked.get("/api/v1/masked?run=mnist&changes=conv1:0:<0.1")
    assert response.json is not None
    assert "which no weight can do" in response.json["error"]


def test_a_folder_that_is_no_class_is_named(live: Live, tmp_path: Path) -> None:
    (tmp_path / "cats").mkdir()
    Image.fromarray(PICTURE).save(tmp_path / "cats" / "a.png")
    client = create_app(MemoryCatalog({}), live=live, images=tmp_path).server.test_client()
    told = client.get("/api/v1/judged").json
    assert told is not None
    assert "is called 'cats'; it can be a class's number, 0 to 9" in told["error"]


def test_without_a_network_or_a_folder_the_cure_is_said(client: FlaskClient, live: Live) -> None:
    told = client.post("/api/v1/whatif?layer=conv1").json
    assert told is not None
    assert told["error"].startswith("there is no network to ask")
    bare = create_app(MemoryCatalog({}), live=live).server.test_client().get("/api/v1/judged").json
    assert bare is not None
    assert "--images FOLDER" in bare["error"]
