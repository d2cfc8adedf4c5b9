"""Who records into a run: one recorder per name, and a dead one keeps nobody out."""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import vizframe.store
from tests.store.small import INFO, PROBE, assert_whole, record, write
from vizframe.errors import HistoryWriteError, RunTaken, UsageError
from vizframe.store.format.names import claim_file
from vizframe.store.write import claim as claims
from vizframe.store.write.disk import Disk
from vizframe.store.write.holder import Holder


def forked(work: Callable[[], object]) -> int:
    """Do it in a process of its own, which then waits to be killed; its id."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            kept = work()
            os.write(writing, b"." if kept is not None else b"!")
            time.sleep(60)
        finally:
            os._exit(1)
    os.close(writing)
    assert os.read(reading, 1) == b"."
    os.close(reading)
    return child


def end(child: int) -> None:
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def holder(**others: object) -> Holder:
    own = Holder.new()
    return Holder.parse(json.dumps({**json.loads(own.pack(0)), **others}).encode()) or own


def put(run: Path, data: bytes) -> None:
    """A claim as another process, or a fault, has left it."""
    run.mkdir(exist_ok=True)
    (run / claim_file("main")).write_bytes(data)


def test_a_second_writer_of_one_name_is_refused_while_the_first_lives(tmp_path: Path) -> None:
    child = forked(lambda: vizframe.store.create(tmp_path, INFO, PROBE))
    said = rf"run '{tmp_path}' is being recorded by process {child} on .*; record to another run"
    try:
        with pytest.raises(RunTaken, match=said):
            vizframe.store.create(tmp_path, INFO, PROBE)
        with pytest.raises(RunTaken, match=said):
            vizframe.store.check_free(tmp_path)
    finally:
        end(child)
    vizframe.store.check_free(tmp_path)
    write(tmp_path, range(3))


def test_a_second_writer_in_the_same_process_is_refused_until_the_first_is_closed(
    tmp_path: Path,
) -> None:
    first = vizframe.store.create(tmp_path, INFO, PROBE)
    with pytest.raises(RunTaken, match="is being recorded by this process"):
        vizframe.store.create(tmp_path, INFO, PROBE)
    first.close()
    vizframe.store.create(tmp_path, INFO, PROBE).close()
    assert not list(tmp_path.glob(".claim-*"))


def test_a_writer_that_was_forgotten_keeps_nobody_out(tmp_path: Path) -> None:
    vizframe.store.create(tmp_path, INFO, PROBE).commit(record(0))
    write(tmp_path, range(1, 3))
    assert_whole(vizframe.store.open(tmp_path), range(3))


def test_a_copy_of_a_run_that_is_being_recorded_can_be_recorded_too(tmp_path: Path) -> None:
    with vizframe.store.create(tmp_path / "run", INFO, PROBE) as writer:
        writer.commit(record(0))
        shutil.copytree(tmp_path / "run", tmp_path / "copy")
        write(tmp_path / "copy", [1])
        (tmp_path / "run").rename(tmp_path / "moved")
        with pytest.raises(RunTaken):
            vizframe.store.check_free(tmp_path / "moved")
    assert_whole(vizframe.store.open(tmp_path / "copy"), [0, 1])


def test_writers_of_other_names_share_a_run(tmp_path: Path) -> None:
    with (
        vizframe.store.create(tmp_path, INFO, PROBE, writer="rank0") as one,
        vizframe.store.create(tmp_path, INFO, PROBE, writer="rank1") as two,
    ):
        one.commit(record(0))
        two.commit(record(1))
    assert_whole(vizframe.store.open(tmp_path), [0, 1])


def test_of_many_that_challenge_a_dead_holder_one_wins(tmp_path: Path) -> None:
    end(forked(lambda: vizframe.store.claim(tmp_path)))
    won: list[claims.Claim] = []
    lost: list[RunTaken] = []
    start = threading.Barrier(8)

    def challenge() -> None:
        start.wait()
        try:
            won.append(vizframe.store.claim(tmp_path))
        except RunTaken as refused:
            lost.append(refused)

    threads = [threading.Thread(target=challenge) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(won), len(lost)) == (1, 7)
    assert [path.name for path in tmp_path.iterdir()] == [".claim-main"]
    won[0].release()
    assert not list(tmp_path.iterdir())


def test_a_process_id_that_came_again_is_another_process(tmp_path: Path) -> None:
    put(tmp_path, holder(started=1).pack(0))
    vizframe.store.claim(tmp_path).release()


def test_the_holder_on_another_machine_is_watched_for_a_sign_of_life(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "PATIENCE", 60.0)
    away = holder(place="00000000", host="elsewhere", token="a")
    ended = threading.Event()

    def beat() -> None:
        path, beats = tmp_path / claim_file("main"), itertools.count(1)
        while not ended.wait(0.05):
            path.write_bytes(away.pack(next(beats)))

    put(tmp_path, away.pack(0))
    beating = threading.Thread(target=beat)
    beating.start()
    try:
        with pytest.raises(RunTaken, match="on elsewhere since"):
            vizframe.store.claim(tmp_path)
    finally:
        ended.set()
        beating.join()
    monkeypatch.setattr(claims, "PATIENCE", 0.05)
    vizframe.store.claim(tmp_path).release()


@pytest.mark.parametrize("data", [b"", b"{}", b"\xff" * 40, b'{"pid": -1}', b"[" * 600])
def test_a_claim_that_says_nothing_is_watched_and_taken_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: bytes
) -> None:
    monkeypatch.setattr(claims, "PATIENCE", 0.05)
    put(tmp_path, data)
    write(tmp_path, range(2))
    assert_whole(vizframe.store.open(tmp_path), range(2))


def test_one_that_has_been_silent_for_long_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "PATIENCE", 1e6)
    put(tmp_path, holder(place="00000000", token="a").pack(0))
    os.utime(tmp_path / ".claim-main", (time.time(), time.time() - 2 * claims.LONG_DEAD))
    vizframe.store.claim(tmp_path).release()
    assert not list(tmp_path.iterdir())


def test_a_holder_gives_signs_of_life(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "BEAT", 0.01)
    claim = vizframe.store.claim(tmp_path)
    path = tmp_path / ".claim-main"
    first = path.read_bytes()
    deadline = time.monotonic() + 60
    while path.read_bytes() == first:
        assert time.monotonic() < deadline
    assert Holder.parse(path.read_bytes()) == claim.holder
    claim.release()
    assert not path.exists()


def test_who_was_taken_over_commits_nothing_and_hides_nothing(tmp_path: Path) -> None:
    sleeper = vizframe.store.create(tmp_path, INFO, PROBE)
    sleeper.commit(record(0))
    stranger = holder(pid=1, token="b")
    put(tmp_path, stranger.pack(0))
    with pytest.raises(HistoryWriteError, match="is being recorded by process 1 on"):
        sleeper.commit(record(1))
    sleeper.close()
    assert Holder.parse((tmp_path / ".claim-main").read_bytes()) == stranger
    assert list(vizframe.store.open(tmp_path).steps) == [0]


def test_a_fork_of_a_writer_gives_up_nothing(tmp_path: Path) -> None:
    with vizframe.store.create(tmp_path, INFO, PROBE) as writer:
        child = os.fork()
        if child == 0:
            writer.close()
            os._exit(0)
        os.waitpid(child, 0)
        assert (tmp_path / ".claim-main").exists()
        writer.commit(record(0))


def test_claims_of_the_dead_are_swept_by_the_next_writer(tmp_path: Path) -> None:
    end(forked(lambda: vizframe.store.claim(tmp_path, "rank7")))
    put(tmp_path / "x", b"")
    assert (tmp_path / ".claim-rank7").exists()
    write(tmp_path, range(1))
    assert not list(tmp_path.glob(".claim-*"))


def test_a_share_without_links_is_claimed_too(tmp_path: Path) -> None:
    class NoLinks(Disk):
        def link(self, source: Path, target: Path) -> None:
            raise PermissionError("no links here")

    first = vizframe.store.claim(tmp_path, disk=NoLinks())
    with pytest.raises(RunTaken):
        vizframe.store.claim(tmp_path, disk=NoLinks())
    first.release()
    vizframe.store.claim(tmp_path, disk=NoLinks()).release()


def test_a_name_that_is_no_file_name_is_refused(tmp_path: Path) -> None:
    said = re.escape("the writer's name is '../x'; it can be 1 to 40 letters, digits, '_' and '-'")
    with pytest.raises(UsageError, match=said):
        vizframe.store.claim(tmp_path, "../x")


def test_a_folder_that_was_emptied_is_begun_anew_and_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with vizframe.store.create(tmp_path, INFO, PROBE) as writer:
        for first in (0, 3):
            for path in tmp_path.iterdir():
                path.unlink()
            for step in range(first, first + 3):
                writer.commit(record(step))
    assert_whole(vizframe.store.open(tmp_path), range(3, 6))
    assert caplog.messages == [
        f"{tmp_path} was emptied while it was recorded; recording goes on into it"
    ]


def test_a_run_stays_where_it_was_when_the_script_goes_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "away").mkdir()
    monkeypatch.chdir(tmp_path)
    with vizframe.store.create("run", INFO, PROBE) as writer:
        writer.commit(record(0))
        history = vizframe.store.open("run")
        os.chdir("away")
        writer.commit(record(1))
        history.refresh()
        assert_whole(history, [0, 1])
    assert not list((tmp_path / "away").iterdir())
