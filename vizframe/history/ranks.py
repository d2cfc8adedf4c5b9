"""The workers of a distributed training in a history: who is there, and how far each of them is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Self

import numpy as np
import numpy.typing as npt

from vizframe.history.aside import Aside, aside_of
from vizframe.history.contract import History, HistoryWriter, Scalars, StepRecord
from vizframe.history.finding import Curve, Finding
from vizframe.history.rank_names import ranked_scalar, split_rank

FINGERPRINT = "weight_fingerprint"
"""A number that is the same on two workers where all their weights are."""

SKETCH = "weight_sketch/"
"""Before a number from 00 to 15: sums of all weights with signs drawn for each, a sixteenth of them
in each sum. Sketches of two workers are as far apart as their weights, but for chance."""

LOCAL_GRADIENT = "local_gradient_norm/"
"""Before the name of a parameter: the worker's own gradient of it, before the exchange."""

EXCHANGE = "exchange_seconds"
"""How long an exchange took, from a worker's last gradient to its new weights."""

COSINE = "update_cosine"
"""How well the update that all made together follows the worker's own gradient."""


class RankWriter:
    """What a rank other than 0 commits through: its pictures, numbers, failures and findings are
    kept beside those of the others. A `HistoryWriter`."""

    def __init__(self, writer: HistoryWriter, rank: int) -> None:
        self._writer = writer
        self._rank = rank

    def commit(self, record: StepRecord) -> None:
        self._writer.commit(ranked(record, self._rank))

    def aside(self) -> Aside:
        """See `vizframe.history.aside`."""
        return aside_of(self._writer)

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
        findings=[each.model_copy(update=given) for each in record.findings],
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
    reported = np.zeros(len(scalars.steps), np.bool_)
    for values in own.values():
        reported |= ~np.isnan(values)
    return Scalars(
        scalars.steps[reported],
        scalars.time[reported],
        scalars.epoch[reported],
        {split_rank(name)[0]: values[reported] for name, values in own.items()},
    )


def last_steps(history: History) -> Mapping[int, int]:
    """The newest step that each rank recorded."""
    scalars = history.scalars()
    found: dict[int, int] = {}
    for name, values in scalars.values.items():
        reported = np.flatnonzero(~np.isnan(values))
        if len(reported):
            rank, step = split_rank(name)[1], int(scalars.steps[reported[-1]])
            found[rank] = max(step, found.get(rank, step))
    for key in history.declarations:
        for last in history.series_steps(key)[-1:]:
            found[key.rank] = max(int(last), found.get(key.rank, int(last)))
    return found


def last_step_of(history: History, rank: int) -> int | None:
    """The newest step that the rank recorded."""
    return last_steps(history).get(rank)


def by_rank(scalars: Scalars, name: str) -> Mapping[int, npt.NDArray[np.float64]]:
    """A number of each rank that reports it, over all steps; NaN where it did not."""
    split = [(*split_rank(own), own) for own in scalars.values]
    whose = sorted((rank, own) for base, rank, own in split if base == name)
    return {rank: scalars.values[own] for rank, own in whose}


def local_gradients(scalars: Scalars) -> Mapping[int, npt.NDArray[np.float64]]:
    """The norm of each rank's own gradient of all parameters together, before the exchange."""
    squares: dict[int, npt.NDArray[np.float64]] = {}
    for name in scalars.values:
        base, rank = split_rank(name)
        if base.startswith(LOCAL_GRADIENT):
            known = squares.get(rank, np.zeros(len(scalars.steps)))
            squares[rank] = known + scalars.values[name] ** 2
    return {rank: np.sqrt(squares[rank]) for rank in sorted(squares)}


def spread_of(numbers: Mapping[int, npt.NDArray[np.float64]]) -> npt.NDArray[np.float64]:
    """How far the ranks lie apart at each step where at least two said a number: the largest less
    the smallest, over their mean. NaN elsewhere."""
    table = np.stack(list(numbers.values()))
    known = (~np.isnan(table)).sum(axis=0) > 1
    spread = np.full(table.shape[1], np.nan)
    seen = table[:, known]
    with np.errstate(divide="ignore", invalid="ignore"):
        spread[known] = (np.nanmax(seen, 0) - np.nanmin(seen, 0)) / np.abs(np.nanmean(seen, 0))
    return spread


def differing_steps(history: History) -> Mapping[int, Sequence[int]]:
    """The steps at which workers had other weights than rank 0, or than the lowest rank that said:
    step → their ranks. Empty where all agree, as they must in a synchronous training."""
    scalars = history.scalars()
    prints = by_rank(scalars, FINGERPRINT)
    if not prints:
        return {}
    ranks, table = list(prints), np.stack(list(prints.values()))
    known = ~np.isnan(table)
    first = table[known.argmax(axis=0), np.arange(table.shape[1])]
    unlike = known & (table != first)
    return {
        int(scalars.steps[place]): [ranks[row] for row in np.flatnonzero(unlike[:, place])]
        for place in np.flatnonzero(unlike.any(axis=0)).tolist()
    }


def is_synchronous(history: History) -> bool:
    """Whether all workers must have the same weights after each update: in all trainings but those
    whose key-value store says that it does not wait."""
    return "async" not in str(history.info.hyper_parameters.get("kvstore", ""))


def drift(scalars: Scalars) -> Mapping[int, npt.NDArray[np.float64]]:
    """How far each rank's weights are from those of the lowest rank, over the size of these: 0
    where they agree, NaN where one of the two did not say. Estimated from their sketches, within a
    third."""
    sketches = {
        rank: np.stack([scalars.values[name] for name in names])
        for rank, names in _sketched(scalars).items()
    }
    if len(sketches) < 2:
        return {}
    ground = sketches[min(sketches)]
    with np.errstate(divide="ignore", invalid="ignore"):
        size = np.linalg.norm(ground, axis=0)
        apart = {r: np.linalg.norm(each - ground, axis=0) / size for r, each in sketches.items()}
    return {rank: apart[rank] for rank in sorted(apart) if rank != min(apart)}


def _sketched(scalars: Scalars) -> dict[int, list[str]]:
    """The names of each rank's sketch, in their order."""
    found: dict[int, list[str]] = {}
    for name in sorted(scalars.values):
        base, rank = split_rank(name)
        if base.startswith(SKETCH):
            found.setdefault(rank, []).append(name)
    return found


def weights_apart(history: History) -> Finding | None:
    """That workers of a synchronous training have other weights, which they must not."""
    differing = differing_steps(history) if is_synchronous(history) else {}
    if not differing:
        return None
    scalars = history.scalars()
    steps, ranks = sorted(differing), sorted({r for each in differing.values() for r in each})
    far = {rank: _newest(each) for rank, each in drift(scalars).items() if rank in ranks}
    worst = max(far, key=lambda rank: far[rank], default=None)
    said = "" if worst is None else f", rank {worst}'s by {far[worst]:.2g} of their size by now"
    curve = None
    if worst is not None:
        values = drift(scalars)[worst]
        known = np.isfinite(values)
        curve = Curve(
            name=f"distance of rank {worst}'s weights",
            steps=tuple(scalars.steps[known].tolist()),
            values=tuple(values[known].tolist()),
        )
    return Finding(
        rule="weights_apart",
        symptom="ranks",
        severity="alarm",
        since=steps[0],
        step=steps[-1],
        sentence=f"the weights of rank {', '.join(map(str, ranks))} are not those of the lowest "
        f"rank at step {steps[0]} and {len(steps) - 1} more{said} (the threshold is one bit: "
        "synchronous workers hold the same weights)",
        cause="an update that one worker made alone: another rate, a parameter that the kvstore "
        "does not have, or a worker that began with other weights",
        remedy="one Trainer with kvstore='dist_sync' for all parameters, the same rate on every "
        "worker, weights loaded before the first update on all of them",
        rank=ranks[0],
        also=tuple(ranks[1:]),
        numbers={f"distance_{rank}": each for rank, each in far.items()},
        curve=curve,
    )


def _newest(values: npt.NDArray[np.float64]) -> float:
    known = values[np.isfinite(values)]
    return float(known[-1]) if len(known) else float("nan")


def all_findings(history: History) -> Sequence[Finding]:
    """What rules found on each worker, each once with all the ranks that it was seen on, and what
    only the workers' numbers side by side tell."""
    apart = weights_apart(history)
    return [*together(history.findings()), *([] if apart is None else [apart])]


def together(findings: Sequence[Finding]) -> Sequence[Finding]:
    """The findings, each rule's once: of those on several ranks the earliest, with all ranks."""
    found: dict[tuple[str, str], Finding] = {}
    for each in sorted(findings, key=lambda finding: (finding.since, finding.rank)):
        key = each.rule, each.severity
        known = found.setdefault(key, each)
        if each.rank != known.rank and each.rank not in known.also:
            also = tuple(sorted((*known.also, each.rank)))
            found[key] = known.model_copy(update={"also": also})
    return sorted(found.values(), key=lambda finding: finding.step)


def on_ranks(found: Finding) -> str:
    """Which workers it was seen on, where that is not rank 0 alone."""
    ranks = sorted((found.rank, *found.also))
    if ranks == [0]:
        return ""
    return f" on rank {ranks[0]}" if len(ranks) == 1 else f" on ranks {', '.join(map(str, ranks))}"


def missing_ranks(history: History, behind: int = 3) -> Mapping[int, int]:
    """The ranks that have fallen silent: rank → the last step it recorded, where at least so many
    steps have been recorded by others since."""
    last = last_steps(history)
    steps = np.asarray(history.steps, np.int64)
    return {
        rank: last[rank]
        for rank in sorted(last)
        if len(last) > 1 and int(np.count_nonzero(steps > last[rank])) >= behind
    }
