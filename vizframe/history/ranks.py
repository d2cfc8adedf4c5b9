"""The workers of a distributed training in a history: who is there, and how far each of them is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Self

import numpy as np
import numpy.typing as npt

from vizframe.history.contract import History, HistoryWriter, Scalars, StepRecord
from vizframe.history.rank_names import ranked_scalar, split_rank

FINGERPRINT = "weight_fingerprint"
"""A number that is the same on two workers where all their weights are."""


class RankWriter:
    """What a rank other than 0 commits through: its pictures, numbers and failures are kept beside
    those of the others. A `HistoryWriter`."""

    def __init__(self, writer: HistoryWriter, rank: int) -> None:
        self._writer = writer
        self._rank = rank

    def commit(self, record: StepRecord) -> None:
        self._writer.commit(ranked(record, self._rank))

    def close(self) -> None:
        self._writer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def ranked(record: StepRecord, rank: int) -> StepRecord:
    """The record as that of this rank."""
    given = {"rank": rank}
    return replace(
        record,
        frames=[
            (each.model_copy(update={"key": each.key.model_copy(update=given)}), frame)
            for each, frame in record.frames
        ],
        scalars={ranked_scalar(name, rank): value for name, value in record.scalars.items()},
        failures=[each.model_copy(update=given) for each in record.failures],
    )


def ranks_of(history: History) -> Sequence[int]:
    """The ranks that have recorded something, increasing; (0,) for a training of one process."""
    found = {key.rank for key in history.declarations}
    found |= {split_rank(name)[1] for name in history.scalars().values}
    return sorted(found) or [0]


def scalars_of(history: History, rank: int) -> Scalars:
    """The numbers of one rank, under their plain names, at the steps that it reported."""
    scalars = history.scalars()
    own = {name: values for name, values in scalars.values.items() if split_rank(name)[1] == rank}
    told = np.zeros(len(scalars.steps), np.bool_)
    for values in own.values():
        told |= ~np.isnan(values)
    return Scalars(
        scalars.steps[told],
        scalars.time[told],
        scalars.epoch[told],
        {split_rank(name)[0]: values[told] for name, values in own.items()},
    )


def last_step_of(history: History, rank: int) -> int | None:
    """The newest step that the rank recorded."""
    steps = [int(step) for step in scalars_of(history, rank).steps[-1:]]
    own = [key for key in history.declarations if key.rank == rank]
    steps += [step for key in own for step in history.series_steps(key)[-1:]]
    return max(steps, default=None)


def differing_steps(history: History) -> Mapping[int, Sequence[int]]:
    """The steps at which workers had other weights than rank 0, or than the lowest rank that said:
    step → their ranks. Empty where all agree, as they must in a synchronous training."""
    scalars = history.scalars()
    prints = {
        split_rank(name)[1]: values
        for name, values in scalars.values.items()
        if split_rank(name)[0] == FINGERPRINT
    }
    found: dict[int, list[int]] = {}
    for place, step in enumerate(scalars.steps.tolist()):
        said = {rank: values[place] for rank, values in sorted(prints.items())}
        others = _unlike_first({rank: each for rank, each in said.items() if not np.isnan(each)})
        if others:
            found[step] = others
    return found


def missing_ranks(history: History, behind: int = 3) -> Mapping[int, int]:
    """The ranks that have fallen silent: rank → the last step it recorded, where at least so many
    steps have been recorded by others since."""
    ranks = ranks_of(history)
    last = {rank: last_step_of(history, rank) for rank in ranks}
    steps = np.asarray(history.steps, np.int64)
    return {
        rank: step
        for rank, step in last.items()
        if step is not None and len(ranks) > 1 and _count_after(steps, step) >= behind
    }


def _count_after(steps: npt.NDArray[np.int64], step: int) -> int:
    return int(np.count_nonzero(steps > step))


def _unlike_first(said: Mapping[int, float]) -> list[int]:
    first = next(iter(said.values()), None)
    return [rank for rank, each in said.items() if each != first]
