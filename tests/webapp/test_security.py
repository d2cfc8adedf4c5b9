"""What keeps strangers out."""

from __future__ import annotations

import hashlib
import json
import socket
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from vizframe import webapp
from vizframe.errors import UsageError
from vizframe.history.memory import MemoryCatalog
from vizframe.webapp import create_app
from vizframe.webapp.gate import Gate

ASSETS = Path(webapp.__file__).parent / "assets"

EVERYWHERE = ("/", "/api/v1/runs", "/_dash-layout", "/assets/style.css")


def status(client: FlaskClient, address: str, **headers: str) -> int:
    """The answer's status; its file is closed."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    with client.get(address, headers=named) as response:
        return response.status_code


@pytest.mark.parametrize("address", EVERYWHERE)
def test_a_name_that_is_not_ours_is_refused(client: FlaskClient, address: str) -> None:
    assert status(client, address, Host="evil.test") == 400
    assert status(client, address, Host="localhost:8075") == 200
    assert status(client, address, Host="evil.test", X_Forwarded_Host="localhost") == 400


def test_a_trusted_name_is_served() -> None:
    client = create_app(
        MemoryCatalog({}), gate=Gate.of("127.0.0.1", ["lab.example"])
    ).server.test_client()
    assert client.get("/", headers={"Host": "lab.example"}).status_code == 200


def test_another_site_may_link_here_but_not_read(client: FlaskClient) -> None:
    cross = {"Sec-Fetch-Site": "cross-site"}
    assert (
        client.get("/api/v1/runs", headers={**cross, "Sec-Fetch-Mode": "cors"}).status_code == 403
    )
    assert client.get("/", headers={**cross, "Sec-Fetch-Mode": "navigate"}).status_code == 200
    posted = client.post("/_dash-update-component", headers=cross, json={})
    assert posted.status_code == 403


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        ("http://localhost", 200),
        ("http://localhost:3000", 403),
        ("http://127.0.0.1:3000", 403),
        ("http://evil.test", 403),
        ("null", 403),
        ("", 403),
        ("https://lab.example", 200),
    ],
)
def test_a_browser_that_says_only_an_origin_may_write_from_here_alone(
    origin: str, expected: int
) -> None:
    app = create_app(MemoryCatalog({}), gate=Gate.of("127.0.0.1", ["lab.example"]))
    ours = {"output": "runs-page.children", "outputs": {"id": "runs-page", "property": "children"}}
    body = {**ours, "inputs": [{"id": "page", "property": "data", "value": {"page": "runs"}}]}
    posted = app.server.test_client().post(
        "/_dash-update-component",
        headers={"Origin": origin},
        json={**body, "changedPropIds": ["page.data"]},
    )
    assert posted.status_code == expected


TOKEN = "a-token-of-ours"


def guarded() -> FlaskClient:
    gate = Gate.of("0.0.0.0", token=TOKEN)
    app = create_app(MemoryCatalog({}), gate=gate, prefix="viz")
    found: FlaskClient = app.server.test_client()
    return found


@pytest.mark.parametrize("path", ["", "assets/style.css", "_dash-layout", "api/v1/runs"])
def test_without_the_token_nobody_from_outside_gets_in(path: str) -> None:
    client = guarded()
    for address in (path, f"{path}?token=", f"{path}?token=wrong-token", f"{path}?token=%ff"):
        assert status(client, f"/viz/{address}", Host="192.0.2.7:8075") == 401
    assert status(client, f"/viz/{path}", Authorization=f"Bearer {TOKEN}") == 200
    assert status(client, f"/viz/{path}", Authorization=f"Basic {TOKEN}") == 401
    assert status(client, f"/viz/{path}", Cookie="a=b; =; vizframe=1") == 401


def test_the_address_with_the_token_lets_a_browser_in_and_goes_out_of_sight() -> None:
    client = guarded()
    first = client.get(f"/viz/?run=x%26y&token={TOKEN}&step=3")
    assert (first.status_code, first.headers["Location"]) == (302, "/viz/?run=x%26y&step=3")
    cookie = first.headers["Set-Cookie"]
    assert all(word in cookie for word in ("HttpOnly", "SameSite=Lax", "Path=/viz/"))
    assert status(client, "/viz/?run=x") == 200
    assert client.get("/viz/api/v1/runs").json == []


def test_a_machine_that_others_may_reach_is_known_by_number_and_by_its_own_name() -> None:
    client = guarded()
    known = {"Authorization": f"Bearer {TOKEN}"}
    for host, expected in {
        "192.0.2.7:8075": 200,
        "[2001:db8::7]:8075": 200,
        socket.gethostname(): 200,
        "rebound.test": 400,
        "192.0.2.7.evil.test": 400,
    }.items():
        assert status(client, "/viz/api/v1/runs", Host=host, **known) == expected


@pytest.mark.parametrize("token", ["short", "with a blank", "schlüssel-zum-glück"])
def test_a_token_that_can_be_guessed_or_not_be_sent_is_refused(token: str) -> None:
    with pytest.raises(UsageError, match="the token has"):
        Gate.of("127.0.0.1", token=token)


def test_scripts_come_from_here_alone(client: FlaskClient) -> None:
    policy = client.get("/").headers["Content-Security-Policy"]
    scripts = next(part for part in policy.split("; ") if part.startswith("script-src"))
    assert "'unsafe-inline'" not in scripts
    assert "'unsafe-eval'" not in scripts
    assert "http" not in scripts


def test_bodies_beyond_8_mb_are_refused(client: FlaskClient) -> None:
    big = client.post(
        "/_dash-update-component", data=b"x" * (9 << 20), content_type="application/json"
    )
    assert big.status_code == 413


@pytest.mark.parametrize(
    "path", ["../app.py", "%2e%2e/app.py", "..%2fapp.py", "viewer/../../app.py"]
)
def test_no_file_outside_the_assets_is_served(client: FlaskClient, path: str) -> None:
    assert b"create_app" not in client.get(f"/assets/{path}").data


def test_the_page_asks_for_nothing_from_elsewhere(client: FlaskClient) -> None:
    page = client.get("/").get_data(as_text=True)
    assert "http://" not in page
    assert "https://" not in page


def test_vendored_files_are_what_their_list_says() -> None:
    folder = ASSETS / "vendor"
    listed = json.loads((folder / "vendored.json").read_text())
    known = {"vendored.json"}
    for each in listed:
        data = (folder / each["file"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == each["sha256"], each["file"]
        assert each["version"] in each["file"]
        assert (folder / each["license_file"]).read_text().strip()
        known |= {each["file"], each["license_file"]}
    assert {path.name for path in folder.iterdir()} == known


def test_the_page_names_every_module_it_needs(client: FlaskClient) -> None:
    """A module that another imports lies beside it and is served."""
    for module in (ASSETS / "viewer").glob("*.js"):
        with client.get(f"/assets/viewer/{module.name}") as response:
            assert response.status_code == 200
            assert "javascript" in response.headers["Content-Type"]
        for line in module.read_text().splitlines():
            if ' from "./' in line:
                name = line.split(' from "./')[1].split('"')[0]
                assert (ASSETS / "viewer" / name).is_file(), f"{module.name} imports {name}"
