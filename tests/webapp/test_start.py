"""What a page loads at its start: few files, kept for good, never stale."""

from __future__ import annotations

import gzip
import re
import shutil
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from vizframe import webapp
from vizframe.errors import VizframeError
from vizframe.history.memory import MemoryCatalog
from vizframe.testing.runs import fake_run
from vizframe.webapp import create_app
from vizframe.webapp.bundles import TYPES, Bundles

ASSETS = Path(webapp.__file__).parent / "assets"


def addresses(client: FlaskClient, base: str = "/") -> list[str]:
    """What the page names of our own files."""
    return re.findall(rf'"({base}static/[^"]+)"', client.get(base).get_data(as_text=True))


@pytest.mark.parametrize("base", ["/", "/viz/"])
def test_the_page_names_files_that_are_kept_for_good(base: str) -> None:
    client = create_app(MemoryCatalog({}), prefix=base).server.test_client()
    named = addresses(client, base)
    assert {each.rsplit("/", 1)[1] for each in named} == set(TYPES) - {"viewer.js.map"}
    for address in named:
        found = client.get(address)
        assert (found.status_code, found.headers["Cache-Control"]) == (
            200,
            "private, max-age=31536000, immutable",
        )
        assert found.content_type.startswith(TYPES[address.rsplit("/", 1)[1]])


def test_of_an_older_page_the_newest_file_comes_and_is_not_kept(client: FlaskClient) -> None:
    found = client.get("/static/0123456789abcdef/viewer.js")
    assert (found.status_code, found.headers["Cache-Control"]) == (200, "private, no-cache")
    assert client.get("/static/0123456789abcdef/gone.js").status_code == 404


def test_scripts_styles_and_pages_are_compressed_for_who_takes_it(client: FlaskClient) -> None:
    dash = re.findall(r'src="(/_dash[^"]+)"', client.get("/").get_data(as_text=True))
    for address in ["/", dash[0], "/assets/style.css", *addresses(client)]:
        with client.get(address) as raw:
            plain = raw.get_data()
            assert "Content-Encoding" not in raw.headers
            assert raw.headers["Vary"] == "Accept-Encoding"
        for accepted in ("gzip, deflate, br", "gzip;q=0"):
            with client.get(address, headers={"Accept-Encoding": accepted}) as found:
                packed = found.headers.get("Content-Encoding") == "gzip"
                assert packed == (accepted != "gzip;q=0" and len(plain) > 1024)
                told = gzip.decompress(found.get_data()) if packed else found.get_data()
        assert told == plain or address == "/"  # Dash puts a random word into each page


def test_what_callbacks_answer_is_compressed_for_who_is_far_away(client: FlaskClient) -> None:
    outputs = {"id": "runs-page", "property": "children"}
    asked = [{"id": "page", "property": "data", "value": {"page": "runs"}}]
    body = {"output": "runs-page.children", "outputs": outputs, "inputs": asked}
    for address, packed in (("127.0.0.1", False), ("192.0.2.7", True)):
        found = client.post(
            "/_dash-update-component",
            json={**body, "changedPropIds": ["page.data"]},
            headers={"Accept-Encoding": "gzip"},
            environ_overrides={"REMOTE_ADDR": address},
        )
        assert (found.headers.get("Content-Encoding") == "gzip") is packed
        told = gzip.decompress(found.get_data()) if packed else found.get_data()
        assert b"Hyper-parameters" in told


def test_a_file_that_is_kept_is_found_again_by_its_tag(client: FlaskClient) -> None:
    address, packed = "/assets/style.css", {"Accept-Encoding": "gzip"}
    with client.get(address, headers=packed) as first:
        known = {"If-None-Match": first.headers["ETag"], **packed}
    with client.get(address, headers=known) as again:
        assert again.status_code == 304


def test_who_edits_a_module_or_a_style_sheet_loads_the_page_again(tmp_path: Path) -> None:
    folder = tmp_path / "assets"
    shutil.copytree(ASSETS, folder)
    bundles = Bundles(folder)
    before = bundles.newest()
    assert bundles.newest() is before
    with (folder / "narrow.css").open("a") as file:
        file.write(".edited { color: red; }\n")
    styled = bundles.newest()
    assert styled.files["style.css"].endswith(b".edited { color: red; }\n")
    assert styled.digest != before.digest
    (folder / "viewer" / "words.js").write_text("export default 3;\n")
    with pytest.raises(VizframeError, match=r"words\.js, line 1"):
        bundles.newest()


def test_every_style_sheet_is_in_the_bundle() -> None:
    sheets = {each.relative_to(ASSETS).as_posix() for each in ASSETS.rglob("*.css")}
    named = Bundles(ASSETS).newest().files["style.css"]
    for sheet in sheets:
        assert (ASSETS / sheet).read_bytes() in named


def test_who_names_no_run_is_shown_the_first_that_has_steps() -> None:
    empty = fake_run(())
    app = create_app(MemoryCatalog({"empty": empty, "full": fake_run(range(0, 30, 10))}))
    client = app.server.test_client()
    assert client.get("/api/v1/run?").get_json()["run"] == "full"
    alone = create_app(MemoryCatalog({"empty": empty})).server.test_client()
    assert alone.get("/api/v1/run").get_json()["run"] == "empty"
    assert create_app(MemoryCatalog({})).server.test_client().get("/api/v1/run").get_json() is None


def test_the_page_asks_at_once_for_what_the_viewer_asks_first(client: FlaskClient) -> None:
    page = client.get("/?run=a%26b%22+c&step=3").get_data(as_text=True)
    preloaded = re.findall(r'as="fetch" crossorigin href="([^"]+)"', page)
    assert preloaded == ["/api/v1/runs?", "/api/v1/colours?", "/api/v1/run?run=a%26b%22+c"]
