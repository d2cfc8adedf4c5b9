"""A file that is not sound is a sentence; the others stay readable, and nothing waits or dies."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

import vizframe.store
from tests.store.small import assert_whole, damage, declaration, segments, write
from vizframe.errors import HistoryError
from vizframe.store.format.layout import BLOCK
from vizframe.store.read.segment import read_segment


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """Five steps, one segment each."""
    write(tmp_path / "run", range(5))
    return tmp_path / "run"


def truncate(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 100)


def empty(path: Path) -> None:
    os.truncate(path, 0)


def put_text(path: Path) -> None:
    path.write_text("these are my notes\n" * 100)


def put_zeros(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


def put_foreign(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["x"] = np.arange(5)


def put_newer(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data.replace(b"vizframe-history 1", b"vizframe-history 2", 1))


def put_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def put_fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def put_link(path: Path) -> None:
    other = path.parent.parent / "moved"  # in the run it would be a renamed segment
    path.rename(other)
    path.symlink_to(other)


def put_link_to_secret(path: Path) -> None:
    path.unlink()
    path.symlink_to("/etc/passwd")


def flip_index(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[data.index(b'"sessions"')] ^= 4
    path.write_bytes(data)


def put_external(path: Path) -> None:
    path.unlink()
    with h5py.File(path, "w", userblock_size=BLOCK) as file:
        file.create_dataset("block", (BLOCK,), "u1", external=[("/etc/passwd", 0, BLOCK)])


def put_external_link(path: Path) -> None:
    path.unlink()
    with h5py.File(path, "w", userblock_size=BLOCK) as file:
        file["block"] = h5py.ExternalLink("/etc/passwd", "/")


def put_virtual(path: Path) -> None:
    path.unlink()
    with h5py.File(path, "w", userblock_size=BLOCK) as file:
        layout = h5py.VirtualLayout((BLOCK,), "u1")
        layout[:] = h5py.VirtualSource("other.h5", "x", (BLOCK,))
        file.create_virtual_dataset("block", layout)


FAULTS: dict[Callable[[Path], None], str] = {
    truncate: r"it was written with",
    empty: "it is empty",
    put_text: "it is no HDF5 file",
    put_zeros: "it is all zeros",
    put_foreign: "another program wrote it",
    put_newer: r"written by a newer vizframe \(layout 2.*pip install -U vizframe",
    put_folder: "is not a regular file",
    put_fifo: "is not a regular file",
    put_link: "symbolic link",
    put_link_to_secret: "symbolic link",
    flip_index: "its part 'index' does not have its checksum",
    put_external: "another program wrote it",
    put_external_link: "another program wrote it",
    put_virtual: "another program wrote it",
}


@pytest.mark.parametrize("spoil", FAULTS, ids=lambda spoil: spoil.__name__)
def test_one_bad_file_is_a_sentence_and_the_rest_stays(
    run: Path, spoil: Callable[[Path], None]
) -> None:
    victim = segments(run)[2]
    spoil(victim)
    history = vizframe.store.open(run)
    assert list(history.steps) == [0, 1, 3, 4]
    assert_whole(history, history.steps)
    (sentence,) = history.faults()
    assert victim.name in sentence
    assert re.search(FAULTS[spoil], sentence), sentence


def test_a_file_that_is_put_right_is_read_again(run: Path) -> None:
    victim = segments(run)[2]
    sound = victim.read_bytes()
    truncate(victim)
    history = vizframe.store.open(run)
    assert not history.refresh()
    victim.write_bytes(sound)
    assert history.refresh()
    assert_whole(history, range(5))
    assert not history.faults()


def test_a_damaged_block_is_made_up_for_by_its_copy(run: Path) -> None:
    victim = segments(run)[2]
    with victim.open("r+b") as file:
        file.write(b"\xff" * 300)
    history = vizframe.store.open(run)
    assert_whole(history, range(5))
    (sentence,) = history.faults()
    assert victim.name in sentence
    assert "read all the same" in sentence


def test_a_damaged_tile_is_missing_and_its_neighbours_are_not(run: Path) -> None:
    victim = segments(run)[2]
    segment = read_segment(victim)
    series = next(each for each in segment.index.series if each.key.layer == "conv0")
    with victim.open("r+b") as file:
        file.seek(series.stored + series.tile_bytes + 7)
        byte = file.read(1)
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte[0] ^ 1]))
    history = vizframe.store.open(run)
    assert damage(history, "conv0", 2) == 1
    assert history.tiles(series.key, 2).missing.tolist() == [False, True, False, False]
    assert history.tiles(series.key, 2, (1,)).missing
    assert history.strip(series.key, (1,), range(5)).missing.tolist() == [0, 0, 1, 0, 0]
    assert not history.strip(series.key, (0,), range(5)).missing.any()
    assert damage(history, "conv1", 2) == 0


def test_a_damaged_range_is_a_missing_tile(run: Path) -> None:
    victim = segments(run)[2]
    segment = read_segment(victim)
    series = next(each for each in segment.index.series if each.key.layer == "conv0")
    with victim.open("r+b") as file:
        file.seek(series.tiles + 3)
        file.write(b"\x55")
    history = vizframe.store.open(run)
    assert history.tiles(series.key, 2).missing.tolist() == [True, False, False, False]
    assert history.strip(series.key, (0,), [2]).missing.all()


def test_damaged_columns_are_an_error_that_names_the_file(run: Path) -> None:
    victim = segments(run)[2]
    segment = read_segment(victim)
    series = next(each for each in segment.index.series if each.key.layer == "conv0")
    with victim.open("r+b") as file:
        file.seek(series.columns)
        file.write(b"\x55")
    history = vizframe.store.open(run)
    with pytest.raises(HistoryError, match=rf"{victim.name}.*columns of activation of conv0"):
        history.columns(series.key, 2)
    assert history.columns(series.key, 3)


def test_an_hdf5_file_of_another_name_is_said_so_and_not_opened(run: Path) -> None:
    put_foreign(run / "mine.h5")
    (run / "notes.txt").write_text("hello")
    history = vizframe.store.open(run)
    assert_whole(history, range(5))
    (sentence,) = history.faults()
    assert "mine.h5" in sentence


def test_a_folder_that_vanishes_keeps_what_was_seen_and_comes_back(run: Path) -> None:
    history = vizframe.store.open(run)
    away = run.with_name("away")
    run.rename(away)
    assert history.refresh()
    assert list(history.steps) == list(range(5))
    (sentence,) = history.faults()
    assert "cannot be listed: No such file" in sentence
    with pytest.raises(HistoryError, match=r"activation of conv0 cannot be read: .* No such file"):
        history.tiles(declaration("conv0").key, 1)
    away.rename(run)
    assert history.refresh()
    assert not history.faults()
    assert_whole(history, range(5))


def test_a_folder_without_run_json_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match=r"is no run: it has no run\.json"):
        vizframe.store.open(tmp_path)


def test_a_pipe_is_no_run_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.h5")
    with pytest.raises(
        HistoryError, match=r"pipe\.h5 is no run: it is neither a folder nor a file"
    ):
        vizframe.store.open(tmp_path / "pipe.h5")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "does not describe a run"),
        ("{", "does not describe a run"),
        ('{"id": "x"}', "does not describe a run: name"),
        ("[" * 100_000, "does not describe a run"),
    ],
)
def test_a_run_json_that_is_something_else_is_said_so(run: Path, text: str, sentence: str) -> None:
    (run / "run.json").write_text(text)
    with pytest.raises(HistoryError, match=sentence):
        vizframe.store.open(run)
    (summary,) = vizframe.store.RunCatalog(run.parent).runs()
    assert summary.info is None
    assert summary.fault is not None
    assert summary.steps == 5


def test_a_damaged_probe_is_a_fault_and_no_probe(run: Path) -> None:
    put_text(run / "probe.h5")
    history = vizframe.store.open(run)
    assert history.probe is None
    assert any("probe.h5" in sentence for sentence in history.faults())
    assert_whole(history, range(5))


def test_a_run_copied_to_a_read_only_place_is_read(run: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(run, copy)
    for path in copy.iterdir():
        path.chmod(0o444)
    copy.chmod(0o555)
    history = vizframe.store.open(copy)
    assert_whole(history, range(5))
    assert history.probe is not None
    copy.chmod(0o755)
