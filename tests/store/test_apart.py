"""Copies of a run that went on apart, and were put into one folder again: nothing is hidden."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from pathlib import Path

import pytest

import vizframe.store
from tests.store.small import NEVER, assert_whole, segments, write
from vizframe.store.care import compaction
from vizframe.store.format.names import Session
from vizframe.store.read.lineage import Lineage


def copied(run: Path, name: str) -> Path:
    return Path(shutil.copytree(run, run.with_name(name)))


def put_together(one: Path, other: Path) -> None:
    for path in segments(other):
        if not (one / path.name).exists():
            shutil.copy2(path, one)


def steps_of(run: Path) -> list[int]:
    history = vizframe.store.open(run)
    assert_whole(history, history.steps)
    return list(history.steps)


@pytest.fixture
def apart(tmp_path: Path) -> Path:
    """Steps 0 to 5; one copy went on from 2 (with 4 and 8 alone), the other from 5."""
    run = tmp_path / "run"
    write(run, range(6))
    other = copied(run, "other")
    write(run, [2, 4, 8])
    assert steps_of(run) == [0, 1, 2, 4, 8]
    write(other, range(5, 8))
    put_together(run, other)
    return run


def test_what_one_hides_and_the_other_went_on_from_is_shown(apart: Path) -> None:
    assert steps_of(apart) == list(range(9))


def test_the_run_says_so_and_so_does_check(apart: Path) -> None:
    (told,) = vizframe.store.open(apart).faults()
    first, second, third = sorted({path.name.partition(".")[0] for path in segments(apart)})
    assert told.startswith(
        f"{apart}: {second} (from step 2 on) and {third} (from step 5 on) went on apart, each in a "
        "copy of this run: all that they recorded is shown"
    )
    assert first not in told
    report = vizframe.store.check(apart)
    assert (report.sound, report.sentences) == (False, [told])


def test_compaction_keeps_it_so(apart: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compaction, "GRACE", 0.0)
    told = vizframe.store.open(apart).faults()
    vizframe.store.compact(apart)
    assert len(segments(apart)) == 1
    assert steps_of(apart) == list(range(9))
    assert vizframe.store.open(apart).faults() == told


def test_who_sees_them_come_together_sees_it_too(tmp_path: Path) -> None:
    run = tmp_path / "run"
    write(run, range(6))
    other = copied(run, "other")
    write(run, [2, 4, 8])
    history = vizframe.store.open(run)
    write(other, range(5, 8))
    put_together(run, other)
    assert history.refresh()
    assert list(history.steps) == list(range(9))
    assert len(history.faults()) == 1


def test_who_goes_on_from_both_hides_what_is_behind_it_of_both(apart: Path) -> None:
    write(apart, [6, 9], merging=NEVER)
    assert steps_of(apart) == [0, 1, 2, 3, 4, 5, 6, 9]
    assert len(vizframe.store.open(apart).faults()) == 1


def test_resumes_one_after_the_other_hide_as_ever_and_nothing_is_said(tmp_path: Path) -> None:
    for steps in (range(6), [2, 4], [3, 7, 9], [9, 10], [8, 11]):
        write(tmp_path, steps)
    assert steps_of(tmp_path) == [0, 1, 2, 3, 7, 8, 11]
    assert vizframe.store.open(tmp_path).faults() == []


def session(number: int) -> Session:
    return Session(number, "main", f"{number:06x}")


def lineage(
    count: int, after: dict[int, Iterable[int]], hides: dict[int, dict[int, int]]
) -> Lineage:
    """Sessions 1 to ``count``, each begun at ten times its number."""
    return Lineage(
        [session(number) for number in range(1, count + 1)],
        {session(number): 10 * number for number in range(1, count + 1)},
        {session(one): [(session(a), last) for a, last in of.items()] for one, of in hides.items()},
        {session(one): [session(each) for each in of] for one, of in after.items()},
    )


def test_a_session_whose_files_are_gone_had_known_what_is_older() -> None:
    """2 went on from 1, and 4 from 3, which nobody has: it may have known 2."""
    found = lineage(2, {1: [], 2: [1]}, {2: {1: 99}})
    last = session(4)
    after = {**found.after, last: [session(3)]}
    hides = {**found.hides, last: []}
    found = Lineage([*found.sessions, last], {**found.resumed, last: 40}, hides, after)
    assert found.is_one
    assert found.apart == []
    assert found.hidden == {session(1): [(21, 99)], session(2): [], last: []}


def test_older_files_do_not_say_and_know_all() -> None:
    found = lineage(3, {}, {2: {1: 99}, 3: {}})
    assert found.is_one
    assert found.hidden == {session(1): [(21, 99)], session(2): [], session(3): []}


def test_hidden_is_what_no_way_shows() -> None:
    """1 is resumed by 2 at 20 and, in a copy, by 3 at 30; 4 goes on from 2 alone."""
    after: dict[int, Iterable[int]] = {1: [], 2: [1], 3: [1], 4: [2]}
    found = lineage(4, after, {2: {1: 99}, 3: {1: 99}, 4: {1: 99, 2: 60}})
    assert found.apart == [[session(3), session(4)]]
    assert found.hidden == {
        session(1): [(31, 99)],
        session(2): [(41, 60)],
        session(3): [],
        session(4): [],
    }


def test_an_index_without_it_is_read_as_before(tmp_path: Path) -> None:
    """What an older vizframe wrote."""
    from vizframe.store.format.index import Index, load_index

    said = json.loads(Index((), (), ()).dump())
    del said["after"]
    assert load_index(json.dumps(said).encode()).after == ()
