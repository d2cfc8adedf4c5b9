"""Texts as a probe: whole or in windows, by a vocabulary or as numbers."""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import vizframe
from tests.sequences.forms import FORMS, STEPS, Unrolled, given
from vizframe.errors import UnknownName, UsageError
from vizframe.gluon.compat import mx
from vizframe.recording.config import Config
from vizframe.recording.text_probe import is_text, vocabulary_of

LETTERS = "abcdefghijklmnopqrst"


def recorded(tmp_path: Path, net: Any, arguments: list[Any], **options: object) -> Path:
    run, config = tmp_path / "run", Config.of({"every": 1, "strict": True, **options})
    with vizframe.Recorder(net, run, config) as recorder:
        with mx.autograd.record():
            net(*arguments)
        recorder.step()
    return run


def test_a_text_is_shown_whole_to_a_network_that_goes_along_it(tmp_path: Path) -> None:
    net, arguments = given(FORMS["lstm"])
    (tmp_path / "t.txt").write_text("the best of some" * 2)
    run = recorded(tmp_path, net, arguments, probe=tmp_path / "t.txt", vocab=[*LETTERS[1:], " "])
    with vizframe.open(run) as found:
        assert "".join(found.tokens[0]) == "the best of some" * 2
        assert found.token_ids[0][:4] == [18, 6, 3, 19]
        assert found.vocabulary[-1] == " "
        assert dict(found["recurrent.cell", "rnn"].sizes) == {"probe": 1, "unit": 8, "time": 32}
        assert dict(found["activation.sequence", "out"].sizes)["time"] == 32
        assert dict(found["prediction.likeliest", "out"].sizes)["rank"] == 5


def test_a_text_is_cut_into_windows_for_a_network_of_one_length(tmp_path: Path) -> None:
    net = Unrolled(mx.gluon.rnn.LSTMCell(8))
    net.initialize(mx.init.Normal(0.4))
    tokens = mx.nd.array(np.random.default_rng(0).integers(0, 20, (4, STEPS)))
    (tmp_path / "t.txt").write_text(LETTERS * 2)
    run = recorded(
        tmp_path,
        net,
        [tokens],
        probe=str(tmp_path / "t.txt"),
        vocab=list(LETTERS),
        plugins="activation",
    )
    with vizframe.open(run) as found:
        assert [len(text) for text in found.tokens] == [STEPS] * 3
        assert "".join(found.tokens[1]) == (LETTERS * 2)[STEPS : 2 * STEPS]
        assert found.probe is not None
        assert found.probe.names[1] == f"t.txt from {STEPS}"


def test_a_folder_of_texts_is_a_text_each_filled_up_at_the_end(tmp_path: Path) -> None:
    net, arguments = given(FORMS["gru, time first"])
    (tmp_path / "texts").mkdir()
    for name, text in (("b", "abc"), ("a", "abcdef")):
        (tmp_path / "texts" / f"{name}.txt").write_text(text)
    vocab = tmp_path / "v.json"
    vocab.write_text(json.dumps(list(LETTERS)))
    run = recorded(tmp_path, net, arguments, probe=tmp_path / "texts", vocab=str(vocab))
    with vizframe.open(run) as found:
        assert ["".join(text) for text in found.tokens] == ["abcdef", "abc"]
        bits = np.asarray(found["prediction.surprise", "out"].at())
        assert np.isnan(bits[1]).tolist() == [True, False, False, True, True, True]


def test_without_a_text_the_first_batch_is_shown_and_says_its_numbers(tmp_path: Path) -> None:
    net, arguments = given(FORMS["state"])
    run = recorded(tmp_path, net, arguments, plugins=("recurrent", "prediction"))
    with vizframe.open(run) as found:
        tokens = arguments[0].asnumpy().T.astype(int)
        assert found.tokens == [[str(each) for each in row] for row in tokens]
        assert (found.vocabulary, found.failures) == ([], [])


def test_sensors_are_sequences_and_not_texts(tmp_path: Path) -> None:
    net = mx.gluon.rnn.GRU(5, layout="NTC")
    net.initialize()
    run = recorded(tmp_path, net, [mx.nd.random.normal(shape=(3, 7, 2))], plugins="recurrent")
    with vizframe.open(run) as found:
        assert found.tokens == []
        assert found.probe is not None
        assert found.probe.noun == "sequence"
        assert found["recurrent.hidden", "output.0"].sizes["probe"] == 3


def test_a_text_without_a_vocabulary_is_refused(tmp_path: Path) -> None:
    net, arguments = given(FORMS["lstm"])
    (tmp_path / "t.txt").write_text("abc")
    with pytest.raises(UsageError, match="its tokens need numbers: give --vocab MODULE:ATTR"):
        recorded(tmp_path, net, arguments, probe=tmp_path / "t.txt")


def test_what_the_vocabulary_lacks_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    net, arguments = given(FORMS["lstm"])
    (tmp_path / "t.txt").write_text("abc?")
    with caplog.at_level(logging.WARNING, "vizframe"):
        recorded(
            tmp_path,
            net,
            arguments,
            probe=tmp_path / "t.txt",
            vocab=list(LETTERS),
            plugins="weights",
        )
    assert "the probe goes without '?', which the vocabulary lacks" in caplog.text


def test_a_vocabulary_is_found_in_a_module(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("some_corpus")
    module.chars = "xyz"  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "some_corpus", module)
    found = vocabulary_of("some_corpus:chars")
    assert found is not None
    assert found.tokens == ("x", "y", "z")
    with pytest.raises(UnknownName, match="char"):
        vocabulary_of("some_corpus:char")
    with pytest.raises(UsageError, match="module 'no_such_corpus', which cannot be imported"):
        vocabulary_of("no_such_corpus:chars")


def test_a_folder_of_images_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "a.png").touch()
    assert not is_text(tmp_path)
    assert not is_text(tmp_path / "missing")
    (tmp_path / "LICENSE.txt").write_text("Of the photographs.")
    assert not is_text(tmp_path)
