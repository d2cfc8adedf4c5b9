"""Nothing that is asked, and nothing that a run holds, is answered with a 500."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

import vizframe.store
from tests.store.small import segments, write
from tests.store.test_hostile import forge
from vizframe.webapp import create_app

CALLBACK = "/_dash-update-component"

ODD: list[Any] = [None, 5, -1, 1.5, 1e300, "", "x" * 6000, "9" * 5000, [], {}, [1], {"a": 1}, True]
ODD += ["fake", ["fake"], {"run": "fake"}, [[1]], "\ud800"]

PAGES = {
    "runs-page.children": ("runs-page", "page"),
    "training-page.children": ("training-page", "page"),
    "network-page.children": ("network-page", "graphed"),
}
MENUS = "..kinds.children...layers.children...about.children.."


def body(output: str, value: object, **changes: object) -> dict[str, object]:
    """What the page sends when its store has changed."""
    name, store = PAGES.get(output, ("", "choice"))
    outputs: object = {"id": name, "property": "children"}
    if output == MENUS:
        outputs = [{"id": each, "property": "children"} for each in ("kinds", "layers", "about")]
    return {
        "output": output,
        "outputs": outputs,
        "inputs": [{"id": store, "property": "data", "value": value}],
        "changedPropIds": [f"{store}.data"],
        **changes,
    }


def stores() -> Iterator[object]:
    """What a store may hold that somebody else has written."""
    yield from ODD
    for odd in ODD:
        yield {"page": odd, "run": "fake", "kind": "activation", "layer": "conv0"}
        for page in ("runs", "training", "network"):
            yield {"page": page, "run": odd, "kind": odd, "layer": odd, "dark": odd}
            yield {"page": page, "run": "fake", "kind": odd, "layer": odd, "dark": odd}


@pytest.mark.parametrize("output", [*PAGES, MENUS])
def test_a_store_may_hold_anything(client: FlaskClient, output: str) -> None:
    for value in stores():
        assert client.post(CALLBACK, json=body(output, value)).status_code in (200, 204), value


def test_a_body_may_be_anything(client: FlaskClient) -> None:
    sound = body("runs-page.children", {"page": "runs"})
    assert client.post(CALLBACK, json=sound).status_code == 200
    for odd in ODD:
        assert client.post(CALLBACK, json=odd).status_code == 400
        for name in sound:
            status = client.post(CALLBACK, json={**sound, name: odd}).status_code
            assert status in (200, 204, 400), (name, odd)
    for name in ("output", "outputs"):
        less = {key: value for key, value in sound.items() if key != name}
        assert client.post(CALLBACK, json=less).status_code == 400
    for data in (b"", b"{", b"\xff\xff", b"[" * 20_000):
        answer = client.post(CALLBACK, data=data, content_type="application/json")
        assert answer.status_code == 400
        assert answer.json == {"error": "the body is no JSON"}


def test_an_address_may_say_anything(client: FlaskClient) -> None:
    dice = random.Random(7)
    routes = ["runs", "run", "curves", "tiles", "strip", "columns", "extent", "change", "formed"]
    routes += ["probe", "colours", "live", "x"]
    names = ["run", "id", "kind", "layer", "step", "steps", "at", "since", "t"]
    values = ["fake", "activation", "conv0", "0", "10", "9" * 5000, "-1", "1e9", "*", "0,*", "*,*"]
    values += ["", "\0", "x" * 3000, "²", "٣", "0," * 3000, "%"]
    for _ in range(600):
        query = {name: dice.choice(values) for name in names if dice.random() < 0.8}
        if dice.random() < 0.7:
            query |= {"run": "fake", "kind": "activation", "layer": "conv0"}
            query.pop("id", None)
        answer = client.get(f"/api/v1/{dice.choice(routes)}", query_string=query)
        assert answer.status_code in (200, 304, 400, 404), (answer.status_code, query)
        if answer.status_code >= 400:
            assert len(json.dumps(answer.json)) < 20_000


@pytest.mark.parametrize(
    "path", ["_dash-component-suites/x/y.js", "_dash-component-suites/dash/../x", "%00", "a" * 9000]
)
def test_what_is_not_there_is_404(client: FlaskClient, path: str) -> None:
    assert client.get(f"/{path}").status_code in (200, 404)
    assert client.put(f"/{path}").status_code in (404, 405)


def run_json(path: Path, **changes: object) -> None:
    said = json.loads(path.read_text())
    path.write_text(json.dumps({**said, **changes}))


@pytest.mark.parametrize(
    "created", [1e300, -1e300, float("nan"), float("inf"), "soon", None, [], 10**400, 1e15]
)
def test_a_broken_run_breaks_no_other_s_page(tmp_path: Path, created: object) -> None:
    write(tmp_path / "sound", range(2))
    write(tmp_path / "broken", range(2))
    run_json(tmp_path / "broken" / "run.json", created=created)
    client = create_app(vizframe.store.RunCatalog(tmp_path)).server.test_client()
    told = client.get("/api/v1/runs").json
    assert told is not None
    assert {each["run"] for each in told} == {"sound", "broken"}
    page = client.post(CALLBACK, json=body("runs-page.children", {"page": "runs"}))
    assert page.status_code == 200
    assert "sound" in page.get_data(as_text=True)
    assert "cannot be shown" not in page.get_data(as_text=True)
    assert client.get("/api/v1/run?run=sound").status_code == 200
    assert client.get("/api/v1/run?run=broken").status_code in (200, 503)


def set_axes(index: dict[str, Any]) -> None:
    index["shared"][0]["axes"] = ["unit"]


def set_nan(index: dict[str, Any]) -> None:
    index["shared"][0]["parameters"] = {"rate": float("nan"), "more": [float("inf"), {"a": 1}]}
    index["shared"][0]["value_range"] = [float("nan"), float("inf")]


@pytest.mark.parametrize("change", [set_axes, set_nan], ids=lambda change: change.__name__)
def test_a_forged_series_is_told_in_words(tmp_path: Path, change: Any) -> None:
    write(tmp_path / "run", range(2))
    for path in segments(tmp_path / "run"):
        forge(path, change)
    client = create_app(vizframe.store.RunCatalog(tmp_path)).server.test_client()
    series = "run=run&kind=activation&layer=conv0"
    for route in ("run?run=run", "curves?run=run", f"tiles?{series}&step=0", f"extent?{series}"):
        answer = client.get(f"/api/v1/{route}")
        assert answer.status_code in (200, 404, 503), answer.get_data()
    for output in (*PAGES, MENUS):
        value = {"page": output.split("-")[0], "run": "run", "kind": "activation", "layer": "conv0"}
        assert client.post(CALLBACK, json=body(output, value)).status_code in (200, 204)
