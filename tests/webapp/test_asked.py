"""What if on a recorded run, without a model: its own weights are asked, those of a step."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from flask.testing import FlaskClient

from tests.asking.kept_runs import PROBE, TRAININGS, record, recorder
from tests.webapp.test_api import unpack_body
from vizframe.asking.at_hand import AtHand
from vizframe.network.layer import Layer
from vizframe.network.live import Live
from vizframe.store import RunCatalog
from vizframe.webapp import create_app
from vizframe.webapp.asked import MOST, Networks, NoNetwork
from vizframe.webapp.open_runs import OpenRuns


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three runs: one that keeps its weights, one whose net is too large, one told to keep none."""
    found = tmp_path_factory.mktemp("runs")
    record(TRAININGS["torch"](), found / "kept")
    record(TRAININGS["torch"](), found / "large", keep_weights="1kB")
    record(TRAININGS["torch"](), found / "none", keep_weights=0)
    return found


@pytest.fixture(scope="module")
def client(runs: Path) -> FlaskClient:
    found: FlaskClient = create_app(RunCatalog(runs)).server.test_client()
    return found


def told(client: FlaskClient, query: str) -> dict[str, Any]:
    found = client.get(f"/api/v1/live?{query}").json
    assert found is not None
    return dict(found)


def test_a_run_s_own_network_is_described_and_asked(client: FlaskClient) -> None:
    about = told(client, "run=kept")
    assert (about["channels"], about["height"], about["width"]) == (1, 12, 12)
    assert about["weights"] == {"step": 4, "steps": [4], "newest": 4}
    assert about["saves"] is False
    assert [each["name"] for each in about["layers"]] == ["conv", "relu", "flat", "end"]
    query = "whatif?layer=conv&run=kept&changes=end:1:=50,conv:0:off"
    head, tiles = unpack_body(client.post(f"/api/v1/{query}").data)
    assert head["predicted"][1] == ["cross"] * 6  # type: ignore[index]
    assert head["weights"] == about["weights"]
    assert head["accuracy"][1] == pytest.approx(1 / 3)  # type: ignore[index]
    assert not tiles.values()[0].any()


def test_a_picture_of_one_s_own_is_asked_with(client: FlaskClient) -> None:
    picture = np.full((12, 12, 3), 200, np.uint8).tobytes()
    head, tiles = unpack_body(client.post("/api/v1/live?layer=conv&run=kept", data=picture).data)
    assert (head["step"], tiles.low.shape) == (4, (4,))
    query = "whatif?layer=end&run=kept&changes=end:2:=40"
    head, _ = unpack_body(client.post(f"/api/v1/{query}", data=picture).data)
    assert head["predicted"][1] == ["ring"]  # type: ignore[index]


@pytest.mark.parametrize(
    ("query", "why", "again"),
    [
        (
            "run=large",
            "the weights of this run's network are not kept: the network has 0 MB",
            False,
        ),
        ("run=none", "this run keeps no weights, so there is no network to ask", True),
        ("", "there is no network to ask; start the page with one", False),
        ("run=kept&weights=3", "the weights of step 3 are not kept any more", True),
    ],
)
def test_what_cannot_be_asked_is_said(
    query: str, why: str, again: bool, client: FlaskClient
) -> None:
    about = told(client, query)
    assert about["why"].startswith(why)
    assert about["again"] is again


def test_a_checkpoint_needs_the_model_s_code(client: FlaskClient) -> None:
    response = client.get("/api/v1/masked?run=kept&changes=conv:0:off")
    assert response.json is not None
    assert response.json["error"].startswith("a checkpoint is written by the model's own code")


@pytest.fixture
def networks(runs: Path) -> Iterator[Networks]:
    found = Networks.of(None, OpenRuns(RunCatalog(runs)))
    yield found
    found.close()


def test_few_networks_are_held_at_a_time(networks: Networks, runs: Path) -> None:
    for name in ("second", "third"):
        if not (runs / name).exists():
            shutil.copytree(runs / "kept", runs / name)
    first = networks.find("kept")
    assert networks.find("kept") is first
    networks.find("second")
    third = networks.find("third")
    assert not isinstance(third, NoNetwork)
    assert len(networks._held) == MOST
    assert third in networks._held.values()


def test_weights_that_come_while_the_page_is_open_are_newer(tmp_path: Path) -> None:
    training, client = TRAININGS["torch"](), create_app(RunCatalog(tmp_path)).server.test_client()
    with recorder(training, tmp_path / "live") as recording:
        training.update()
        recording.step(2)
        assert told(client, "run=live")["weights"]["step"] == 2
        training.update()
        recording.step(4)
        assert told(client, "run=live")["weights"] == {"step": 2, "steps": [4], "newest": 4}
        assert told(client, "run=live&weights=newest")["weights"]["step"] == 4
        head, _ = unpack_body(client.post("/api/v1/whatif?layer=end&run=live").data)
        best = training.scores().argmax(axis=1)
        names = ("square", "cross", "ring")
        assert head["predicted"][0] == [names[each] for each in best]  # type: ignore[index]
        assert len(PROBE.images) == len(best)


@dataclass
class Started:
    """What of a model that the page was started with decides whether it is asked."""

    found: Sequence[Layer]
    input_shape: tuple[int, ...] = (1, 12, 12)

    def layers(self) -> Sequence[Layer]:
        return self.found


def test_a_model_that_the_page_was_started_with_is_asked_of_runs_of_its_kind_alone(
    runs: Path,
) -> None:
    open_runs = OpenRuns(RunCatalog(runs))
    with open_runs.run("kept") as run:
        recorded = run.history.info.layers
    same = [Layer(f"other_{i}", "", (1,), 1, each.parameters) for i, each in enumerate(recorded)]
    for layers, is_asked in ((same, True), (same[1:], False), ([], False)):
        networks = Networks(AtHand(cast("Live", Started(layers))), open_runs)
        assert (networks.find("kept") is networks.at_hand) is is_asked
        networks.close()
    assert networks.find("none") is networks.at_hand  # better than none
