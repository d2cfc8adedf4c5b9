"""Series found by their names."""

from __future__ import annotations

from fnmatch import fnmatchcase

import numpy as np
import pytest

from vizframe.errors import UnknownName
from vizframe.history import History, SeriesKey, StepRecord
from vizframe.history.lookup import find_series
from vizframe.history.memory import MemoryRun
from vizframe.plugin.frame import Frame
from vizframe.testing.runs import declare, fake_info


def key(label: str, layer: str, part: str = "") -> SeriesKey:
    return SeriesKey(label=label, layer=layer, part=part)


KEYS = [key("weights", "stage[0]"), key("weights", "dense"), key("cam", "dense", "grad")]


def frame_of(which: SeriesKey) -> Frame:
    return Frame(which.layer, np.zeros(1, np.uint8), part=which.part)


@pytest.fixture(scope="module")
def history() -> History:
    run = MemoryRun(fake_info("three"))
    frames = [(declare(each, ("unit",), (1,), value_range=(0, 1)), frame_of(each)) for each in KEYS]
    run.writer().commit(StepRecord(step=0, frames=frames))
    return run.history()


def test_a_series_is_found_by_its_kind_and_layer(history: History) -> None:
    assert [find_series(history, each.kind, each.layer) for each in KEYS] == [[e] for e in KEYS]


def test_patterns_find_several_in_their_order(history: History) -> None:
    assert find_series(history, "*", "dense", fnmatchcase) == KEYS[1:]
    assert find_series(history, "cam.*", "*", fnmatchcase) == KEYS[2:]


def test_a_name_with_brackets_is_no_pattern(history: History) -> None:
    assert find_series(history, "weights", "stage[0]") == KEYS[:1]


@pytest.mark.parametrize(
    ("kind", "layer", "words"),
    [
        ("weigths", "dense", "plugin 'weigths' is not known.*weights"),
        ("cam.grad", "stage[0]", "layer of cam.grad 'stage.0.' is not known.*dense"),
    ],
)
def test_what_is_not_there_is_named_with_the_nearest(
    history: History, kind: str, layer: str, words: str
) -> None:
    with pytest.raises(UnknownName, match=words):
        find_series(history, kind, layer)
