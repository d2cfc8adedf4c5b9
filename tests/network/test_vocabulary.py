"""A vocabulary of any usual form, and texts cut as its tokens are."""

from __future__ import annotations

import json
from collections import OrderedDict
from pathlib import Path
from types import SimpleNamespace

import pytest

from vizframe.errors import UsageError
from vizframe.network.vocabulary import Vocabulary, read_vocabulary

FORMS = [
    "abc",
    ["a", "b", "c"],
    ("a", "b", "c"),
    {"a": 0, "b": 1, "c": 2},
    {0: "a", 1: "b", 2: "c"},
    OrderedDict([("c", 2), ("b", 1), ("a", 0)]),
    [b"a", b"b", b"c"],
    [["a", -1.5], ["b", -2.0], ["c", -2.5]],
    SimpleNamespace(idx_to_token=["a", "b", "c"]),
    SimpleNamespace(stoi={"a": 0, "b": 1, "c": 2}),
    SimpleNamespace(get_vocab=lambda: {"a": 0, "b": 1, "c": 2}),
]


@pytest.mark.parametrize("given", FORMS)
def test_every_usual_form_is_read(given: object) -> None:
    found = Vocabulary.of(given)
    assert found.tokens == ("a", "b", "c")
    assert found.ids("cab") == [2, 0, 1]


@pytest.mark.parametrize("given", [3, {"a": "b"}, {}, {"a": -1}, {"a": 10**9}, object()])
def test_what_is_no_vocabulary_is_refused(given: object) -> None:
    with pytest.raises(UsageError, match="it can be a list of tokens, a dict of their numbers"):
        Vocabulary.of(given)


@pytest.mark.parametrize(
    "written",
    [
        ["a", "b"],
        {"a": 0, "b": 1},
        {"0": "a", "1": "b"},
        {"idx_to_token": ["a", "b"], "reserved": None},
        {"model": {"type": "WordPiece", "vocab": {"a": 0, "b": 1}}, "added_tokens": []},
        {"model": {"type": "Unigram", "vocab": [["a", 0.0], ["b", -1.0]]}},
    ],
)
def test_a_json_file_is_read(written: object, tmp_path: Path) -> None:
    file = tmp_path / "v.json"
    file.write_text(json.dumps(written))
    assert read_vocabulary(file).tokens == ("a", "b")


def test_a_file_that_is_no_json_is_named(tmp_path: Path) -> None:
    (tmp_path / "v.json").write_text("{")
    with pytest.raises(UsageError, match=r"v\.json', which cannot be read .* MODULE:ATTRIBUTE"):
        read_vocabulary(tmp_path / "v.json")


def test_words_are_cut_at_spaces_and_marks() -> None:
    found = Vocabulary.of(["<unk>", "the", "cat", ".", "<eos>"])
    text = "The cat  sat.\ncat"
    assert found.names(found.ids(text)) == ("the", "cat", "<unk>", ".", "<eos>", "cat")
    assert found.lacking(text) == []


@pytest.mark.parametrize(
    ("tokens", "wanted"),
    [
        (["[UNK]", "play", "##ing", "##s", "un"], ("un", "##s", "play", "##ing")),
        (["Ġplay", "un", "ing", "s", "Ġ"], ("un", "s", "Ġplay", "ing")),
        (["▁play", "▁un", "ing", "s"], ("▁un", "s", "▁play", "ing")),
    ],
)
def test_subwords_are_the_longest_that_fit(tokens: list[str], wanted: tuple[str, ...]) -> None:
    found = Vocabulary.of(tokens)
    assert found.names(found.ids("uns playing")) == wanted


def test_what_a_vocabulary_lacks_is_left_out_and_told() -> None:
    found = Vocabulary.of("ab")
    assert (found.ids("a?b!?"), found.lacking("a?b!?")) == ([0, 1], ["?", "!"])


def test_a_number_beyond_the_vocabulary_says_itself() -> None:
    assert Vocabulary.of("ab").names([1, 7]) == ("b", "7")
