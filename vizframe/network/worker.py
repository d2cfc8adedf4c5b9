"""Which worker of a distributed training a process is, as its launcher or its framework says."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath

_RANK_AND_SIZE = (
    ("RANK", "WORLD_SIZE"),
    ("HOROVOD_RANK", "HOROVOD_SIZE"),
    ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"),
)

_MEETING_PLACE = (
    ("DMLC_PS_ROOT_URI", "DMLC_PS_ROOT_PORT"),
    ("MASTER_ADDR", "MASTER_PORT"),
    ("HOROVOD_GLOO_RENDEZVOUS_ADDR", "HOROVOD_GLOO_RENDEZVOUS_PORT"),
)


_DEPTH = 3
"""Folders above a worker's report, at least."""


@dataclass(frozen=True, slots=True)
class Worker:
    """One of ``size`` workers; ``rank`` counts from 0."""

    rank: int
    size: int


def worker_of_environment(said: Mapping[str, str] = os.environ) -> Worker | None:
    """What a launcher has put into the environment; None where no worker's number is there.

    MXNet's launchers give none: its workers are numbered by the scheduler, when they meet.
    """
    for rank, size in _RANK_AND_SIZE:
        if said.get(rank, "").isdecimal() and said.get(size, "").isdecimal():
            return Worker(int(said[rank]), int(said[size]))
    return None


def serves_others(said: Mapping[str, str] = os.environ) -> bool:
    """Whether this process keeps the parameters of others, or brings them together, and trains
    nothing: a server or the scheduler of MXNet's."""
    return said.get("DMLC_ROLE") in ("server", "scheduler")


def _launch_of(said: Mapping[str, str]) -> str:
    """Which of the launches that meet at one place, one after the other: by default torchrun's all
    meet at one port. Empty where workers on several machines have nothing else in common."""
    reports = PurePath(said.get("TORCHELASTIC_ERROR_FILE", "")).parents  # …/launch/attempt/rank/…
    on_one_machine = said.get("LOCAL_WORLD_SIZE") == said.get("WORLD_SIZE")
    return str(reports[2]) if on_one_machine and len(reports) > _DEPTH else ""


def job_of_environment(said: Mapping[str, str] = os.environ) -> str:
    """What the workers of one training have in common and no other training has at the time: where
    they meet. Empty for a training of one process."""
    for place, port in _MEETING_PLACE:
        if said.get(place) and said.get(port):
            return " ".join(filter(None, (f"{said[place]}:{said[port]}", _launch_of(said))))
    return f"slurm:{said['SLURM_JOB_ID']}" if said.get("SLURM_NTASKS", "1") != "1" else ""
