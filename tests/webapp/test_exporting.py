"""What is shown, as a file, asked without a browser."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient
from PIL import Image

import vizframe.store
from tests.store.small import segments, write
from tests.store.test_hostile import forge
from vizframe.history import History
from vizframe.images.film import Look, film
from vizframe.webapp import create_app

SERIES = "run=fake&kind=weights&layer=conv0"


def test_a_picture_has_the_size_that_was_asked_for(client: FlaskClient, history: History) -> None:
    response = client.get(f"/api/v1/export?{SERIES}&as=png&step=40&pixels=100&unit=2")
    assert response.mimetype == "image/png"
    assert response.headers["Content-Disposition"] == (
        'attachment; filename="fake-weights-conv0-step-40.png"'
    )
    key = next(k for k in history.declarations if (k.kind, k.layer) == ("weights", "conv0"))
    ((_, wanted),) = film(history, key, [40], Look("history", 100, unit=2))
    with Image.open(io.BytesIO(response.data)) as picture:
        np.testing.assert_array_equal(np.asarray(picture.convert("RGB")), wanted)


@pytest.mark.parametrize(
    ("form", "begins"), [("gif", b"GIF8"), ("mp4", b"ftyp"), ("webm", b"webm")]
)
def test_a_film_has_all_steps(form: str, begins: bytes, client: FlaskClient) -> None:
    response = client.get(f"/api/v1/export?{SERIES}&as={form}&pixels=8&unit=0&rate=30")
    assert response.status_code == 200
    assert begins in response.data[:64]
    if form == "gif":
        with Image.open(io.BytesIO(response.data)) as found:
            assert getattr(found, "n_frames", 1) == 20


@pytest.mark.parametrize(
    ("query", "status", "sentence"),
    [
        (f"{SERIES}&as=bmp", 400, "as is 'bmp'; it can be png, gif, mp4, webm, html"),
        (f"{SERIES}&as=png&step=3", 404, "step '3' is not known"),
        (f"{SERIES}&as=png&step=40&pixels=5000", 400, "pixels is 5000; it can be 1 to 4096"),
        (f"{SERIES}&as=png&step=40&pixels=4096", 400, "do not fit one; pixels can be up to"),
        (f"{SERIES}&as=gif&rate=90", 400, "rate is 90; it can be 1 to 60"),
        (f"{SERIES}&as=png&step=40&unit=99", 400, "unit is 99"),
        (f"{SERIES}&as=png&step=40&scale=huge", 400, "scale is 'huge'"),
        ("run=none&as=html", 404, "run 'none' is not known"),
    ],
)
def test_what_cannot_be_exported_is_a_sentence(
    query: str, status: int, sentence: str, client: FlaskClient
) -> None:
    response = client.get(f"/api/v1/export?{query}")
    assert response.status_code == status
    assert response.json is not None
    assert sentence in response.json["error"]


def test_what_a_damaged_run_declares_is_a_sentence(tmp_path: Path) -> None:
    """A forged index may declare pictures of no pixels, and a resumed training other shapes."""
    write(tmp_path / "run", range(3))
    client = create_app(vizframe.store.RunCatalog(tmp_path)).server.test_client()
    address = "/api/v1/export?run=run&kind=activation&layer=conv0&step=1&as="
    forge(segments(tmp_path / "run")[2], lambda said: shape_conv0(said, [12, 10]))
    answer = client.get(f"{address}png")
    assert answer.status_code == 400
    assert "had another shape at step 1 than it has now" in answer.get_json()["error"]
    for path in segments(tmp_path / "run"):
        forge(path, lambda said: shape_conv0(said, [12, 0]))
    client = create_app(vizframe.store.RunCatalog(tmp_path)).server.test_client()
    for form in ("png", "gif"):
        answer = client.get(f"{address}{form}")
        assert answer.status_code == 400
        assert "(4, 12, 0): there is nothing to be drawn" in answer.get_json()["error"]
    assert b"activation of conv1" in client.get(f"{address}html").data


def shape_conv0(said: Any, shape: list[int]) -> None:
    for series in said["series"]:
        if series["declaration"]["key"]["layer"] == "conv0":
            series["declaration"]["picture_shape"] = shape
