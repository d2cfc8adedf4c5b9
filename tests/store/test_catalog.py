"""A runs directory: what is listed, what is opened, and what no name can reach."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

import vizframe.store
from tests.store.small import INFO, PROBE, assert_whole, record, segments, write
from vizframe.errors import HistoryError, UnknownName
from vizframe.store.write.due import MergePlan


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Two runs, one of them deeper, and a compacted one."""
    folder = tmp_path / "runs"
    write(folder / "one", range(5), merging=MergePlan(steps=4, grace=0))
    write(folder / "more" / "two", range(0, 30, 10))
    vizframe.store.compact(folder / "one", folder / "three.h5")
    (folder / "empty").mkdir()
    (folder / "notes.txt").write_text("x")
    (folder / "other.h5").write_text("x")
    return folder


def test_runs_are_listed_from_names_and_sizes(runs: Path) -> None:
    catalog = vizframe.store.RunCatalog(runs)
    found = {summary.name: summary for summary in catalog.runs()}
    assert set(found) == {"one", "more/two", "three.h5"}
    assert [found[name].steps for name in ("one", "more/two", "three.h5")] == [5, 3, 5]
    assert [found[name].last_step for name in ("one", "more/two", "three.h5")] == [4, 20, 4]
    one = found["one"]
    assert one.info == INFO
    assert one.bytes == sum(path.stat().st_size for path in (runs / "one").iterdir())
    assert one.last_time == max(path.stat().st_mtime for path in segments(runs / "one"))
    assert one.fault is None


def test_the_weights_of_a_run_count_among_its_bytes(runs: Path) -> None:
    before = {each.name: each.bytes for each in vizframe.store.RunCatalog(runs).runs()}
    (runs / "more" / "two" / "weights").mkdir()
    (runs / "more" / "two" / "weights" / "000000000020.npz").write_bytes(bytes(1_000_000))
    after = {each.name: each.bytes for each in vizframe.store.RunCatalog(runs).runs()}
    assert after["more/two"] - before["more/two"] >= 1_000_000
    assert after["one"] == before["one"]


def test_newer_runs_come_first(tmp_path: Path) -> None:
    for name, created in (("a", 5.0), ("b", 9.0), ("c", 7.0)):
        info = INFO.model_copy(update={"created": created, "id": name})
        vizframe.store.create(tmp_path / name, info).close()
    assert [summary.name for summary in vizframe.store.RunCatalog(tmp_path).runs()] == [
        "b",
        "c",
        "a",
    ]


def test_a_run_is_opened_by_its_name_and_stays_the_same(runs: Path) -> None:
    catalog = vizframe.store.RunCatalog(runs)
    for name in ("one", "more/two", "three.h5"):
        history = catalog.open(name)
        assert catalog.open(name) is history
        assert_whole(history, history.steps)


def test_a_run_that_was_made_anew_is_another_one(runs: Path) -> None:
    catalog = vizframe.store.RunCatalog(runs)
    before = catalog.open("one")
    shutil.rmtree(runs / "one")
    other = INFO.model_copy(update={"id": "another"})
    with vizframe.store.create(runs / "one", other, PROBE) as store:
        store.commit(record(7))
    after = catalog.open("one")
    assert after is not before
    assert after.info.id == "another"
    assert list(after.steps) == [7]


def test_unknown_runs_are_named_with_the_nearest(runs: Path) -> None:
    with pytest.raises(UnknownName, match="run 'onee' is not known; it can be 'one'"):
        vizframe.store.RunCatalog(runs).open("onee")


@pytest.mark.parametrize(
    "name",
    [
        "../runs/one",
        "one/../one",
        "/etc",
        "..",
        ".",
        "",
        "one/",
        "./one",
        "one/run.json",
        "empty",
        "other.h5",
        "link",
        "linked/two",
        "link.h5",
        "one\0",
    ],
)
def test_no_name_leads_out_of_the_directory(runs: Path, tmp_path: Path, name: str) -> None:
    write(tmp_path / "secret" / "two", range(2))
    (runs / "link").symlink_to(tmp_path / "secret" / "two")
    (runs / "linked").symlink_to(tmp_path / "secret")
    (runs / "link.h5").symlink_to(runs / "three.h5")
    with pytest.raises(UnknownName):
        vizframe.store.RunCatalog(runs).open(name)


def test_links_in_a_circle_are_not_followed(runs: Path) -> None:
    (runs / "more" / "round").symlink_to(runs)
    assert len(vizframe.store.RunCatalog(runs).runs()) == 3


def test_a_shelf_of_one_run_has_that_run(runs: Path) -> None:
    for place, name in ((runs / "one", "one"), (runs / "three.h5", "three.h5")):
        catalog = vizframe.store.RunCatalog(place)
        (summary,) = catalog.runs()
        assert summary.name == name
        assert_whole(catalog.open(name), range(5))


def test_a_directory_that_is_not_there_has_no_runs(tmp_path: Path) -> None:
    catalog = vizframe.store.RunCatalog(tmp_path / "runs")
    assert catalog.runs() == []
    with pytest.raises(UnknownName, match="there is no run at all"):
        catalog.open("one")
    write(tmp_path / "runs" / "one", range(2))
    assert [summary.name for summary in catalog.runs()] == ["one"]


def test_a_damaged_compacted_run_is_listed_with_its_fault(runs: Path) -> None:
    with (runs / "three.h5").open("r+b") as file:
        file.seek(0, os.SEEK_END)
        file.write(b"more")
    catalog = vizframe.store.RunCatalog(runs)
    summary = next(each for each in catalog.runs() if each.name == "three.h5")
    assert summary.fault is not None
    assert "it was written with" in summary.fault
    with pytest.raises(HistoryError, match="it was written with"):
        catalog.open("three.h5")


def test_runs_asked_for_longest_ago_and_those_that_are_gone_are_forgotten(
    runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vizframe.store.read.catalog.MOST_OPEN", 2)
    catalog = vizframe.store.RunCatalog(runs)
    one, two = catalog.open("one"), catalog.open("more/two")
    assert catalog.open("one") is one
    catalog.open("three.h5")
    assert catalog.open("one") is one
    assert catalog.open("more/two") is not two
    shutil.rmtree(runs / "one")
    with pytest.raises(UnknownName):
        catalog.open("one")
    assert [*catalog._open] == ["more/two"]
