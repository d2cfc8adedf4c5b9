"""Notes, read and written without a browser."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from vizframe.history.memory import MemoryCatalog
from vizframe.store import RunCatalog, create
from vizframe.testing.runs import fake_info, fake_probe, fake_run, fill
from vizframe.webapp import create_app


@pytest.fixture
def client() -> FlaskClient:
    found: FlaskClient = create_app(MemoryCatalog({"fake": fake_run()})).server.test_client()
    return found


def put(client: FlaskClient, note: object) -> dict[str, list[dict[str, object]]]:
    told = client.post("/api/v1/notes?run=fake", data=json.dumps(note)).json
    assert told is not None
    found: dict[str, list[dict[str, object]]] = told
    return found


def test_a_note_is_kept_and_taken_away(client: FlaskClient) -> None:
    place = {"layer": "conv0", "unit": 3}
    found = put(client, {"text": "<b>edges</b>", "star": True, **place})["notes"]
    assert [(each["text"], each["star"], each["unit"]) for each in found] == [
        ("<b>edges</b>", True, 3)
    ]
    assert client.get("/api/v1/notes?run=fake").json == {"notes": found, "writable": True}
    assert put(client, {"text": "", **place})["notes"] == []


@pytest.mark.parametrize(
    "sent",
    ["[]", "no json", "[" * 50_000, '{"text": 3}', '{"unit": -1, "layer": "a"}', '{"unit": true}',
     '{"unit": 1.5}', '{"step": 1e400}', json.dumps({"text": "x" * 100_000}),
     json.dumps({"layer": "x" * 2000}), '{"unit": 3}'],
)  # fmt: skip
def test_what_is_no_note_is_refused_in_a_sentence(sent: str, client: FlaskClient) -> None:
    response = client.post("/api/v1/notes?run=fake", data=sent)
    assert response.status_code == 400
    assert response.json is not None
    assert "note" in response.json["error"]


def test_notes_lie_beside_the_run_and_not_in_it(tmp_path: Path) -> None:
    with create(tmp_path / "mnist", fake_info(), fake_probe()) as writer:
        fill(writer, range(2))
    before = sorted(each.name for each in (tmp_path / "mnist").iterdir())
    client = create_app(RunCatalog(tmp_path)).server.test_client()
    assert client.post("/api/v1/notes?run=mnist", data='{"text": "good"}').status_code == 200
    assert sorted(each.name for each in (tmp_path / "mnist").iterdir()) == before
    assert sorted(each.name for each in tmp_path.iterdir()) == ["mnist", "mnist.notes.json"]
    assert [each.name for each in RunCatalog(tmp_path).runs()] == ["mnist"]
    assert client.get("/api/v1/notes?run=../mnist").status_code == 404


def test_a_stranger_s_page_cannot_write(client: FlaskClient) -> None:
    headers = {"Sec-Fetch-Site": "cross-site", "Origin": "http://evil.test"}
    response = client.post("/api/v1/notes?run=fake", data='{"text": "x"}', headers=headers)
    assert response.status_code == 403
