"""Names of segments and of layers, checksums, and declarations of a newer version."""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as some

import vizframe.store
from tests.store.small import (
    INFO,
    PROBE,
    declaration,
    record,
    segments,
)
from tests.store.test_life import SESSION
from vizframe.history import Declaration, SeriesKey, StepRecord
from vizframe.plugin.frame import Frame
from vizframe.store.format import checksum
from vizframe.store.format.names import (
    Commits,
    CompactedName,
    SegmentName,
    Session,
    uncovered_names,
)
from vizframe.testing.runs import declare

names = some.builds(
    lambda first, length, rewrite: SegmentName(
        SESSION, first, first + length, first, first + length, rewrite
    ),
    some.integers(0, 40),
    some.sampled_from([0, 0, 0, 3, 7, 15]),
    some.sampled_from([0, 0, 0, 1, 2]),
)


@given(some.lists(names, max_size=20, unique=True))
def test_uncovered_names_hold_all_commits_and_cover_none_of_themselves(
    found: list[SegmentName],
) -> None:
    kept = uncovered_names(found)
    assert not any(one.is_covered_by(other) for one in kept for other in kept)
    held = {n for name in kept for n in range(name.first, name.last + 1)}
    assert held == {n for name in found for n in range(name.first, name.last + 1)}


@given(names)
def test_a_name_says_what_it_was_made_of(name: SegmentName) -> None:
    assert SegmentName.parse(str(name)) == name
    assert Session.parse(str(name.session)) == name.session
    assert CompactedName.parse(str(name)) is None


def test_commits_hold_their_part() -> None:
    assert Commits(SESSION, 0, 9).has(Commits(SESSION, 3, 9))
    assert not Commits(SESSION, 0, 9).has(Commits(SESSION, 3, 10))
    assert not Commits(SESSION, 0, 9).has(Commits(Session(1, "x", "000000"), 3, 9))


@given(some.binary(max_size=300), some.integers(0, 2**32 - 1))
def test_the_fast_checksum_is_zlibs(data: bytes, seed: int) -> None:
    assert checksum.crc32(data, seed) == zlib.crc32(data, seed)


def test_layers_may_be_called_anything(tmp_path: Path) -> None:
    layers = ["a/b", ".", "..", "~", "a~2", "%2E", "", " ", "層", "x" * 500, "a\\b", "<b>"]
    with vizframe.store.create(tmp_path, INFO) as store:
        frames = []
        for number, layer in enumerate(layers):
            key = SeriesKey(label="a", layer=layer)
            values = np.full((1, 2, 2), number, np.float32)
            frames.append((declare(key, ("unit", "y", "x"), (1, 2, 2)), Frame(layer, values)))
        store.commit(StepRecord(0, frames))
    history = vizframe.store.open(tmp_path)
    for number, layer in enumerate(layers):
        assert history.tiles(SeriesKey(label="a", layer=layer), 0).low[0] == number


class ToldMore(Declaration):
    """What a later vizframe may add to a declaration."""

    mood: str = "sunny"


def test_what_a_newer_vizframe_adds_to_a_declaration_is_ignored(tmp_path: Path) -> None:
    told = ToldMore(**declaration("dense").model_dump())
    frames = [(told, record(0).frames[2][1])]
    with vizframe.store.create(tmp_path, INFO, PROBE) as writer:
        writer.commit(StepRecord(step=0, frames=frames, scalars={}, time=0.0))
    assert b'"mood"' in segments(tmp_path)[0].read_bytes()
    history = vizframe.store.open(tmp_path)
    assert history.declarations[told.key] == declaration("dense")
    assert not history.faults()
