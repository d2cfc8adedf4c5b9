"""A run keeps the texts that its network is shown."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import vizframe
import vizframe.store
from vizframe.errors import UsageError
from vizframe.network.probe import Probe
from vizframe.reading.run import Run
from vizframe.testing.runs import fake_info, fake_probe

IDS = np.array([[2, 0, 1], [1, 1, 0]], np.float32)
TOKENS = (("ß", "\n", "\ud800"), ("\ud800", "\ud800"))


def written(tmp_path: Path, probe: Probe) -> Run:
    vizframe.store.create(tmp_path / "r", fake_info(), probe, writer="w").close()
    return vizframe.open(tmp_path / "r")


def test_tokens_come_back_as_they_were_and_as_long(tmp_path: Path) -> None:
    with written(tmp_path, Probe(IDS, tokens=TOKENS, vocabulary=("\n", "\ud800", "ß"))) as run:
        assert run.tokens == [list(text) for text in TOKENS]
        assert run.token_ids == [[2, 0, 1], [1, 1]]
        assert run.vocabulary == ["\n", "\ud800", "ß"]
        assert run.probe is not None
        assert run.probe.noun == "text"


def test_a_run_of_images_has_no_tokens(tmp_path: Path) -> None:
    with written(tmp_path, fake_probe()) as run:
        assert (run.tokens, run.token_ids, run.vocabulary) == ([], [], [])
        assert run.probe is not None
        assert run.probe.noun == "image"


def test_tokens_of_another_number_of_texts_are_refused() -> None:
    with pytest.raises(UsageError, match="2 inputs and 1 texts; give the tokens of each"):
        Probe(IDS, tokens=TOKENS[:1])
