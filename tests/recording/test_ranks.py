"""Which workers record, and how they find the one run of their job."""

from __future__ import annotations

import json
import os
import threading
import time
from pathlib import Path

import pytest

from vizframe.errors import UsageError
from vizframe.network.worker import (
    Worker,
    job_of_environment,
    serves_others,
    worker_of_environment,
)
from vizframe.recording import ranks
from vizframe.recording.ranks import Meeting, Ranks, came_late

ALL = Ranks(None)


def made(run: Path, job: str) -> Path:
    run.mkdir(parents=True, exist_ok=True)
    (run / "run.json").write_text(json.dumps({"job": job}))
    (run / "probe.h5").touch()
    return run


def test_ranks_are_all_or_some() -> None:
    assert Ranks.of("all").has(77)
    assert Ranks.of("all").leader == 0
    some = Ranks.of(" 3,1 ")
    assert [rank for rank in range(5) if some.has(rank)] == [1, 3]
    assert some.leader == 1
    assert Ranks.of(0) == Ranks()


@pytest.mark.parametrize("text", ["", "-1", "1,,2", "none", "1.5", "٣"])
def test_ranks_that_are_no_numbers_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="it can be 'all', or numbers such as 0 or 0,2,5"):
        Ranks.of(text)


def test_the_leader_makes_the_run_and_the_others_find_it_by_its_job(tmp_path: Path) -> None:
    made(tmp_path / "train", "elsewhere:1")
    meeting = Meeting("here:9000", None, "train", tmp_path)
    path = meeting.path(Worker(0, 3), ALL)
    assert path == tmp_path / "train-2"
    made(path, "here:9000")
    assert meeting.path(Worker(2, 3), ALL) == path
    assert meeting.path(Worker(0, 3), ALL) == path  # the leader was started again
    assert meeting.path(Worker(2, 3), Ranks()) is None
    assert meeting.path(None, Ranks()) == tmp_path / "train-3"


def test_a_worker_waits_for_the_run_and_its_probe(tmp_path: Path) -> None:
    meeting = Meeting("here:9000", tmp_path / "x", "train", tmp_path)
    found: list[Path | None] = []
    waiting = threading.Thread(target=lambda: found.append(meeting.path(Worker(1, 2), ALL)))
    waiting.start()
    made(tmp_path / "x", "here:9000")
    waiting.join()
    assert found == [tmp_path / "x"]


def test_a_worker_that_waits_in_vain_says_why_it_does_not_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ranks, "PATIENCE", 0.1)
    meeting = Meeting("here:9000", None, "train", tmp_path)
    with pytest.raises(UsageError, match="rank 1 does not record: rank 0 has made no run at"):
        meeting.path(Worker(1, 2), ALL)


def test_a_rank_that_is_not_there_is_refused_by_every_worker(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"ranks has 4; the training has 4 workers, .* 0 to 3"):
        Meeting("j", None, "train", tmp_path).path(Worker(0, 4), Ranks.of("0,4"))


def test_a_worker_that_was_started_long_after_the_run_came_late(tmp_path: Path) -> None:
    run = made(tmp_path / "x", "j")
    assert not came_late(run)
    before = time.time() - 86400
    os.utime(run / "run.json", (before, before))
    assert came_late(run)
    assert sorted(each.name for each in run.iterdir()) == ["probe.h5", "run.json"]


def test_launchers_say_rank_and_meeting_place() -> None:
    assert worker_of_environment({"RANK": "3", "WORLD_SIZE": "8"}) == Worker(3, 8)
    assert worker_of_environment({"OMPI_COMM_WORLD_RANK": "1", "OMPI_COMM_WORLD_SIZE": "2"})
    assert worker_of_environment({"RANK": "x", "WORLD_SIZE": "8"}) is None
    assert worker_of_environment({"DMLC_ROLE": "worker"}) is None
    here = {"DMLC_PS_ROOT_URI": "10.0.0.1", "DMLC_PS_ROOT_PORT": "9000"}
    assert job_of_environment(here) == "10.0.0.1:9000"
    assert job_of_environment({"SLURM_JOB_ID": "7", "SLURM_NTASKS": "2"}) == "slurm:7"
    assert job_of_environment({"SLURM_JOB_ID": "7"}) == ""
    assert serves_others({"DMLC_ROLE": "server"})
    assert serves_others({"DMLC_ROLE": "scheduler"})
    assert not serves_others({"DMLC_ROLE": "worker"})
