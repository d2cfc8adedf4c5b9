"""Notes beside a run: kept whole, whoever writes at the same time, and whatever they say."""

from __future__ import annotations

import json
import multiprocessing
import os
from pathlib import Path

import pytest

from vizframe.errors import HistoryError, UsageError
from vizframe.history.notes import MOST_TEXT, MemoryNotes, Note, Notes, NotesFile, notes_path

HOSTILE = ("<img src=x onerror=alert(1)>", "\u202e\x00\x1b[31m", '"}]}', "\ud800 lone", "日本語 ★")


@pytest.fixture(params=["file", "memory"])
def notes(request: pytest.FixtureRequest, tmp_path: Path) -> Notes:
    return NotesFile(tmp_path / "a.notes.json", "1") if request.param == "file" else MemoryNotes()


def test_a_place_has_one_note(notes: Notes) -> None:
    notes.put(Note("first", layer="conv0", unit=3, time=1))
    notes.put(Note("about the run", time=2))
    notes.put(Note("better", star=True, layer="conv0", unit=3, time=3))
    assert [each.text for each in notes.all()] == ["better", "about the run"]
    notes.put(Note("  ", layer="conv0", unit=3))
    assert [each.text for each in notes.all()] == ["about the run"]


@pytest.mark.parametrize("text", HOSTILE)
def test_what_a_note_says_comes_back_as_it_was(notes: Notes, text: str) -> None:
    notes.put(Note(text, layer=text, unit=1))
    assert [(each.text, each.layer) for each in notes.all()] == [(text, text)]


def test_words_are_found_in_text_and_place() -> None:
    note = Note("An Edge detector", layer="conv0", unit=3, step=40)
    assert note.says("edge conv0")
    assert note.says("unit 3 STEP 40")
    assert not note.says("edge corner")


def test_what_no_note_can_be_is_refused() -> None:
    with pytest.raises(UsageError, match="it can have up to 10,000"):
        Note("x" * (MOST_TEXT + 1))
    with pytest.raises(UsageError, match="a unit without its layer"):
        Note("x", unit=3)


def test_notes_of_a_run_that_had_the_same_name_are_kept_and_not_shown(tmp_path: Path) -> None:
    path = tmp_path / "a.notes.json"
    NotesFile(path, "old").put(Note("old"))
    NotesFile(path, "new").put(Note("new"))
    assert [each.text for each in NotesFile(path, "new").all()] == ["new"]
    assert [each.text for each in NotesFile(path, "old").all()] == ["old"]


@pytest.mark.parametrize(
    "content",
    [
        "no json", "[]", "{}", '{"version": 2, "notes": []}', '{"version": 1, "notes": [3]}',
        "[" * 10**5,
        '{"version": 1, "notes": [{"run": "1", "text": 3}]}', '{"version": 1, "notes": 3}',
        '{"version": 1, "notes": [{"run": "1", "unit": "x", "layer": "c"}]}', "\x00\x01",
    ],
)  # fmt: skip
def test_a_file_that_is_not_ours_is_left_alone(content: str, tmp_path: Path) -> None:
    path = tmp_path / "a.notes.json"
    path.write_text(content)
    with pytest.raises(HistoryError, match="left as it is"):
        NotesFile(path, "1").put(Note("x"))
    assert path.read_text() == content
    assert [each.name for each in tmp_path.iterdir()] == ["a.notes.json"]


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match="the note is not kept"):
        NotesFile(tmp_path / "nowhere" / "a.notes.json", "1").put(Note("x"))


def _write_some(path: Path, who: int) -> None:
    for number in range(15):
        NotesFile(path, "1").put(Note(f"{who}", layer=f"layer {who}", unit=number))


def test_no_note_of_writers_at_once_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "a.notes.json"
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write_some, args=(path, who)) for who in range(2)]
    for each in writers:
        each.start()
    for each in writers:
        each.join()
    assert len(NotesFile(path, "1").all()) == 30
    assert json.loads(path.read_text())["version"] == 1
    assert [each.name for each in tmp_path.iterdir()] == ["a.notes.json"]


def test_a_lock_that_was_left_behind_is_taken_away(tmp_path: Path) -> None:
    lock = tmp_path / ".a.notes.json.lock"
    lock.touch()
    os.utime(lock, (0, 0))
    NotesFile(tmp_path / "a.notes.json", "1").put(Note("x"))
    assert len(NotesFile(tmp_path / "a.notes.json", "1").all()) == 1


def test_a_folder_and_the_file_it_is_compacted_to_share_their_notes() -> None:
    assert notes_path(Path("runs/a")) == notes_path(Path("runs/a.h5")) == Path("runs/a.notes.json")
