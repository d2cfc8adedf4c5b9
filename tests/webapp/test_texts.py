"""What the page is told of texts: their tokens, and what is foretold behind one."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from vizframe.history.memory import MemoryCatalog
from vizframe.testing.runs import fake_run
from vizframe.testing.text_runs import text_run
from vizframe.webapp import create_app

TEXTS = (list("def f(x):\n    return x\n"), list("(a)"))


@pytest.fixture(scope="module")
def reader() -> FlaskClient:
    """A run on two texts, and one on images."""
    shelf = MemoryCatalog({"text": text_run(TEXTS), "images": fake_run(range(1))})
    found: FlaskClient = create_app(shelf, where="the shelf").server.test_client()
    return found


def test_texts_are_their_tokens_each_as_long_as_it_is(reader: FlaskClient) -> None:
    told = reader.get("/api/v1/texts?run=text").json
    assert told is not None
    assert told["texts"] == [list(each) for each in TEXTS]


def test_a_run_on_images_has_no_texts_and_says_so(reader: FlaskClient) -> None:
    refused = reader.get("/api/v1/texts?run=images")
    assert refused.status_code == 400
    assert refused.json == {"error": "the run's probe has no texts"}


def test_a_manifest_says_what_an_input_of_the_probe_is(reader: FlaskClient) -> None:
    for run, noun, texts, pictures in (("text", "text", 2, False), ("images", "image", 0, True)):
        probe = reader.get(f"/api/v1/run?run={run}").json["probe"]  # type: ignore[index]
        assert (probe["noun"], probe["texts"], probe["pictures"]) == (noun, texts, pictures)


def test_what_is_words_is_no_series_of_the_page(reader: FlaskClient) -> None:
    series = reader.get("/api/v1/run?run=text").json["series"]  # type: ignore[index]
    assert [each["kind"] for each in series] == ["recurrent.cell", "prediction.surprise"]


def test_behind_a_token_stands_what_is_foretold_there(reader: FlaskClient) -> None:
    told = reader.get("/api/v1/token?run=text&step=80&text=0&time=2").json
    assert told is not None
    words = [token for token, _ in told["likeliest"]]
    assert words == list(" f(x)"), "the made network foretells what comes"
    likely = [share for _, share in told["likeliest"]]
    assert likely == sorted(likely, reverse=True)
    assert told["surprise"] > 0
    assert told["continuation"] == "ef f(x):\n   "


def test_a_step_between_two_has_what_was_known_by_then(reader: FlaskClient) -> None:
    first = reader.get("/api/v1/token?run=text&step=20&text=0&time=2").json
    between = reader.get("/api/v1/token?run=text&step=39&text=0&time=2").json
    assert first is not None
    assert between is not None
    assert first["surprise"] == between["surprise"]
    assert between["step"] == 39


def test_the_first_token_was_foretold_by_nothing(reader: FlaskClient) -> None:
    told = reader.get("/api/v1/token?run=text&step=80&text=0&time=0").json
    assert told is not None
    assert told["surprise"] is None
    assert len(told["likeliest"]) == 5


@pytest.mark.parametrize("place", ["text=0&time=4000", "text=9&time=0"])
def test_beyond_the_texts_nothing_is_foretold(reader: FlaskClient, place: str) -> None:
    told = reader.get(f"/api/v1/token?run=text&step=80&{place}").json
    assert told is not None
    assert (told["surprise"], told["likeliest"]) == (None, [])


def test_a_run_without_predictions_foretells_nothing(reader: FlaskClient) -> None:
    told = reader.get("/api/v1/token?run=images&step=0&text=0&time=0").json
    assert told == {"surprise": None, "likeliest": [], "continuation": None, "step": 0}
