"""The addresses under /api/v1."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from flask.testing import FlaskClient

from vizframe.history import Declaration, History, SeriesKey, StepRecord, Tiles
from vizframe.history.memory import MemoryCatalog, MemoryHistory, MemoryRun
from vizframe.plugin.frame import Frame
from vizframe.testing.runs import fake_info, fake_probe, fake_run
from vizframe.webapp import create_app

MAPS = "run=fake&kind=activation&layer=conv0"


def unpack_body(data: bytes) -> tuple[dict[str, object], Tiles]:
    """A body as the viewer's tiles.js reads it."""
    length = int.from_bytes(data[:4], "little")
    head = json.loads(data[4 : 4 + length])
    count, at = head["count"], 4 + length

    def take(dtype: str) -> npt.NDArray[np.generic]:
        nonlocal at
        taken = np.frombuffer(data, dtype, count, at)
        at += -(-taken.nbytes // 4) * 4
        return taken

    low, high, nonfinite, missing = take("<f4"), take("<f4"), take("<i4"), take("u1")
    stored = np.frombuffer(data, np.uint8, offset=at)
    if head["picture"]:
        stored = stored.reshape(count, *head["picture"])
    return head, Tiles(stored, low, high, nonfinite, missing.astype(bool))  # type: ignore[arg-type]


def tiles(client: FlaskClient, query: str) -> tuple[dict[str, object], Tiles]:
    response = client.get(f"/api/v1/tiles?{query}")
    assert response.status_code == 200, response.json
    return unpack_body(response.data)


def test_a_gallery_is_the_stored_tiles_of_all_units(client: FlaskClient, history: History) -> None:
    head, got = tiles(client, f"{MAPS}&step=50&at=2,*")
    wanted = history.tiles(SeriesKey(label="activation", layer="conv0"), 50, (2,))
    np.testing.assert_array_equal(got.stored, wanted.stored)
    np.testing.assert_array_equal(got.low, wanted.low)
    np.testing.assert_array_equal(got.high, wanted.high)
    np.testing.assert_array_equal(got.nonfinite, wanted.nonfinite)
    assert head["step"] == 50
    assert head["notes"] == ["unit 3 is dead on this probe"]


def test_any_axis_can_be_fixed_and_any_spread(client: FlaskClient, history: History) -> None:
    wanted = history.tiles(SeriesKey(label="activation", layer="conv0"), 50).stored
    np.testing.assert_array_equal(tiles(client, f"{MAPS}&step=50&at=*,5")[1].stored, wanted[:, 5])
    one = tiles(client, f"{MAPS}&step=50&at=1,5")[1].stored
    np.testing.assert_array_equal(one, wanted[1, 5][None])
    every = tiles(client, f"{MAPS}&step=50&at=*,*")[1].stored
    np.testing.assert_array_equal(every, wanted.reshape(-1, 24, 24))


def test_bars_have_no_pixels_and_keep_their_values(client: FlaskClient, history: History) -> None:
    _, got = tiles(client, "run=fake&kind=activation&layer=dense0&step=50&at=1,*")
    wanted = history.tiles(SeriesKey(label="activation", layer="dense0"), 50, (1,)).values()
    np.testing.assert_allclose(got.low, wanted, rtol=1e-6)
    assert got.stored.size == 0


def test_series_that_keep_floats_are_sent_in_256_levels() -> None:
    run = MemoryRun(fake_info(), fake_probe())
    key = SeriesKey(label="exact", layer="conv0")
    declaration = Declaration(
        key=key, plugin="exact", axes=("unit", "y", "x"), tile_shape=(2,), picture_shape=(2, 2),
        encoding="float32",
    )  # fmt: skip
    values = np.array([[[0, 1], [2, 3]], [[-1, 0.5], [np.nan, 1]]], np.float32)
    with run.writer() as writer:
        writer.commit(StepRecord(0, [(declaration, Frame("conv0", values))]))
    client = create_app(MemoryCatalog({"run": run})).server.test_client()
    _, got = tiles(client, "run=run&kind=exact&layer=conv0&step=0")
    np.testing.assert_allclose(got.values()[0], values[0], atol=3 / 255)
    assert got.nonfinite.tolist() == [0, 1]


def test_of_pictures_those_are_dead_that_the_plugin_calls_so(client: FlaskClient) -> None:
    run = MemoryRun(fake_info(), fake_probe())
    key = SeriesKey(label="ascent", layer="conv0")
    declaration = Declaration(
        key=key, plugin="ascent", axes=("unit", "y", "x"), tile_shape=(3,), picture_shape=(2, 2),
        draw="image", value_range=(0, 1), columns={"dead": 0},
    )  # fmt: skip
    black = np.zeros((3, 2, 2), np.float32)
    with run.writer() as writer:
        for step, flags in enumerate(([0, 1, 0], [0, 1, 1])):
            columns = {"dead": np.asarray(flags, np.float32)}
            writer.commit(StepRecord(step, [(declaration, Frame("conv0", black, "", columns))]))
    asking = create_app(MemoryCatalog({"run": run})).server.test_client()
    query = "run=run&kind=ascent&layer=conv0"
    assert tiles(asking, f"{query}&step=1")[0]["dead"] == [1, 2]
    strip = asking.get(f"/api/v1/strip?{query}&steps=0,1&at=2").data
    assert unpack_body(strip)[0]["dead"] == [1]
    assert tiles(client, "run=fake&kind=deconvolution.patch&layer=conv0&step=0")[0]["dead"] == []
    assert "dead" not in tiles(client, f"{MAPS}&step=0")[0]


def test_a_film_strip_is_one_tile_over_steps(client: FlaskClient, history: History) -> None:
    response = client.get(f"/api/v1/strip?{MAPS}&steps=0,50,190&at=1,4")
    _, got = unpack_body(response.data)
    wanted = history.strip(SeriesKey(label="activation", layer="conv0"), (1, 4), [0, 50, 190])
    np.testing.assert_array_equal(got.stored, wanted.stored)


def test_a_film_strip_of_too_many_steps_is_refused(client: FlaskClient) -> None:
    steps = ",".join(["0"] * 121)
    response = client.get(f"/api/v1/strip?{MAPS}&steps={steps}&at=1,4")
    assert response.status_code == 400
    assert response.json == {
        "error": "a film strip of 121 steps was asked for; it can have up to 120"
    }


def test_the_numbers_beside_a_tile(client: FlaskClient) -> None:
    query = "run=fake&kind=gradient_ascent&layer=conv0&step=50&at=2"
    found = client.get(f"/api/v1/columns?{query}").json
    assert found is not None
    assert set(found) == {"objective", "converged", "curve"}
    assert len(found["curve"]) == 16


def test_the_range_of_a_history_holds_nearly_all_tiles(
    client: FlaskClient, history: History
) -> None:
    found = client.get("/api/v1/extent?run=fake&kind=weights&layer=conv0").json
    assert found is not None
    key = SeriesKey(label="weights", layer="conv0")
    reach = [abs(history.tiles(key, step).values()).max((2, 3)) for step in range(0, 200, 10)]
    assert found["low"] == -found["high"]
    assert np.mean(np.asarray(reach) <= found["high"] + 1e-6) == pytest.approx(0.99, abs=0.01)


def test_the_range_of_pictures_is_the_declared_one(client: FlaskClient) -> None:
    found = client.get("/api/v1/extent?run=fake&kind=gradient_ascent&layer=conv0").json
    assert found == {"low": 0.0, "high": 1.0}


def test_the_probe_is_sent_as_pictures(client: FlaskClient, history: History) -> None:
    head, got = unpack_body(client.get("/api/v1/probe?run=fake").data)
    assert head["picture"] == [24, 24, 3]
    assert history.probe is not None
    wanted = np.rint(np.moveaxis(history.probe.images, 1, -1) * 255)
    np.testing.assert_array_equal(got.stored, wanted)


def test_curves_say_null_where_a_number_was_not_reported(client: FlaskClient) -> None:
    found = client.get("/api/v1/curves?run=fake").json
    assert found is not None
    assert found["values"]["accuracy"][1] is None
    assert len(found["steps"]) == 20
    assert client.get("/api/v1/curves?run=fake&since=18").json["steps"] == [180, 190]  # type: ignore[index]


def test_series_of_equal_steps_name_one_list(client: FlaskClient) -> None:
    found = client.get("/api/v1/run?run=fake").json
    assert found is not None
    assert len(found["step_lists"]) == 1
    assert {each["steps"] for each in found["series"]} == {0}
    assert found["failures"][0]["label"] == "deconvolution"


def test_what_is_unchanged_costs_no_bytes(client: FlaskClient) -> None:
    for address in ("/api/v1/runs", "/api/v1/run?run=fake", "/api/v1/curves?run=fake"):
        first = client.get(address)
        again = client.get(address, headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"")


def test_a_new_step_changes_what_a_run_says() -> None:
    run = fake_run(range(0, 30, 10))
    client = create_app(MemoryCatalog({"run": run})).server.test_client()
    first = client.get("/api/v1/run?run=run")
    with run.writer("second") as writer:
        writer.commit(StepRecord(30, scalars={"loss": 1.0}))
    import time

    time.sleep(0.25)  # a run is looked at again after 0.2 s at the earliest
    again = client.get("/api/v1/run?run=run", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 200


def test_pixels_are_kept_for_good_only_under_an_address_that_names_their_time(
    client: FlaskClient,
) -> None:
    plain = client.get(f"/api/v1/tiles?{MAPS}&step=50")
    stamped = client.get(f"/api/v1/tiles?{MAPS}&step=50&t=1")
    assert plain.headers["Cache-Control"] == "no-store"
    assert "immutable" in stamped.headers["Cache-Control"]


@pytest.mark.parametrize(
    "address", [f"tiles?{MAPS}&step=50&at=2,*&t=1", f"strip?{MAPS}&steps=40,50&at=2,1&t=1"]
)
def test_pixels_of_which_some_are_damaged_are_not_kept(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    assert "immutable" in client.get(f"/api/v1/{address}").headers["Cache-Control"]
    for name in ("tiles", "strip"):
        monkeypatch.setattr(MemoryHistory, name, _damaged(getattr(MemoryHistory, name)))
    damaged = client.get(f"/api/v1/{address}")
    assert unpack_body(damaged.data)[1].missing.sum() == 1
    assert damaged.headers["Cache-Control"] == "no-store"


def _damaged(read: Callable[..., Tiles]) -> Callable[..., Tiles]:
    """The same reading, with the first tile lost."""

    def reading(*wanted: object) -> Tiles:
        tiles = read(*wanted)
        missing = tiles.missing.copy()
        missing[0] = True
        return replace(tiles, missing=missing)

    return reading


def test_readers_far_away_get_deflated_bytes_where_that_pays(client: FlaskClient) -> None:
    address = f"/api/v1/tiles?{MAPS}&step=50&at=*,*"
    near = client.get(address, headers={"Accept-Encoding": "deflate"})
    assert "Content-Encoding" not in near.headers
    far = client.get(
        address,
        headers={"Accept-Encoding": "deflate"},
        environ_overrides={"REMOTE_ADDR": "192.0.2.7"},
    )
    assert far.headers["Content-Encoding"] == "deflate"
    assert zlib.decompress(far.data) == near.data
    assert len(far.data) < 0.8 * len(near.data)
    client.set_cookie("vizframe-far-8075", "1")  # the end of a tunnel is this machine, too
    for port, expected in (("8075", "deflate"), ("8076", None)):
        tunnelled = client.get(
            address, headers={"Accept-Encoding": "deflate", "Host": f"localhost:{port}"}
        )
        assert tunnelled.headers.get("Content-Encoding") == expected
    plain = client.get(address, environ_overrides={"REMOTE_ADDR": "192.0.2.7"})
    assert plain.data == near.data


SENTENCES = {
    "curves?": (400, "the address has no 'run'; add run=…"),
    "run?run=fak": (404, "run 'fak' is not known; it can be 'fake'"),
    "tiles?run=fake&kind=activatoin&layer=conv0&step=0": (
        404,
        "plugin 'activatoin' is not known; it can be 'activation'",
    ),
    "tiles?run=fake&kind=activation&layer=conv9&step=0": (
        404,
        "layer of activation 'conv9' is not known; it can be 'conv0'",
    ),
    f"tiles?{MAPS}&step=11": (404, "step '11' is not known; it can be '10', '20'"),
    f"tiles?{MAPS}&step=-1": (404, "step '-1' is not known"),
    f"tiles?{MAPS}&step=1e9": (404, "step '1e9' is not known"),
    f"tiles?{MAPS}&step=0&at=9,*": (400, "the probe is '9'; it can be 0 to 3, or *"),
    f"tiles?{MAPS}&step=0&at=*": (
        400,
        "at is '*'; it can be 2 entries for probe, unit, each an index or *",
    ),
    f"tiles?{MAPS}&step=0&id=gone": (404, "id 'gone' is not known"),
    "curves?run=fake&since=x": (400, "since is 'x'; it can be a whole number of at least 0"),
    "tiles?run=../../etc/passwd&kind=a&layer=b&step=0": (
        404,
        "run '../../etc/passwd' is not known",
    ),
    "nowhere": (404, "there is no address '/api/v1/nowhere'; see /api/v1/runs"),
}


@pytest.mark.parametrize("address", SENTENCES)
def test_a_wrong_address_is_answered_with_one_sentence(client: FlaskClient, address: str) -> None:
    status, sentence = SENTENCES[address]
    response = client.get(f"/api/v1/{address}")
    assert response.status_code == status
    assert response.json is not None
    assert response.json["error"].startswith(sentence)


def test_an_unknown_address_is_never_the_page(client: FlaskClient) -> None:
    for address in ("/api", "/api/", "/api/x", "/api/v2/runs"):
        response = client.get(address, follow_redirects=True)
        assert response.status_code == 404, address
        assert response.is_json, address
