"""The workers of a distributed training, in sentences: who is missing, whose weights differ, whom
the others wait for, and how far their gradients lie apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from vizframe.history import History, Scalars
from vizframe.history.rank_names import ranked_scalar, split_rank
from vizframe.history.ranks import (
    COSINE,
    EXCHANGE,
    FINGERPRINT,
    SKETCH,
    by_rank,
    differing_steps,
    drift,
    is_synchronous,
    local_gradients,
    missing_ranks,
    ranks_of,
    spread_of,
)

STRAGGLES = 2.0
"""A worker who waits so many times less than the others is the one that they wait for."""

FEWEST = 10
"""Exchanges of a worker that are needed to say so: on a busy machine any single one may be slow."""

ALIKE = 0.5
"""A cosine under which a worker's own gradient hardly shows in the update of all."""

Numbers = Mapping[int, npt.NDArray[np.float64]]


def is_shared(name: str) -> bool:
    """Whether it is a number of another rank than 0."""
    return split_rank(name)[1] > 0


def sentences(history: History) -> Sequence[str]:
    """What there is to say of them; nothing of a training of one process."""
    ranks = ranks_of(history)
    if len(ranks) < 2:
        return []
    scalars = history.scalars()
    found = [f"{len(ranks)} workers recorded this run: ranks {_listed(ranks)}."]
    found += _missing(history)
    found += _weights(history, scalars)
    found += _stragglers(by_rank(scalars, EXCHANGE))
    found += _gradients(local_gradients(scalars), by_rank(scalars, COSINE))
    return found


def with_drift(scalars: Scalars) -> Scalars:
    """With how far the weights of each rank are from those of the lowest, in place of the sketches
    and fingerprints that tell it: these make no curve."""
    hidden = (SKETCH, FINGERPRINT)
    values = {name: each for name, each in scalars.values.items() if not name.startswith(hidden)}
    for rank, far in drift(scalars).items():
        values[ranked_scalar("distance of weights from the lowest rank", rank)] = far
    return replace(scalars, values=values)


def _missing(history: History) -> list[str]:
    last = max(history.steps, default=0)
    return [
        f"Rank {rank} is missing: it recorded nothing after step {step}, and others are at step "
        f"{last}."
        for rank, step in missing_ranks(history).items()
    ]


def _weights(history: History, scalars: Scalars) -> list[str]:
    if len(by_rank(scalars, FINGERPRINT)) < 2:
        return []
    differing = differing_steps(history)
    if not differing:
        return ["All had the same weights, bit for bit, at every step that several recorded."]
    if is_synchronous(history):
        return []  # that is a finding
    steps = sorted(differing)
    whose = sorted({rank for ranks in differing.values() for rank in ranks})
    when = f"{len(steps)} steps, {steps[0]} to {steps[-1]}"
    return [
        f"At {when if len(steps) > 1 else f'step {steps[0]}'}, rank {_listed(whose)} had other "
        "weights than the lowest rank, as is the rule in an asynchronous training."
    ]


def _stragglers(waited: Numbers) -> list[str]:
    """Who is slow waits least: the exchange begins when the last has come."""
    known = {
        rank: _median(each) for rank, each in waited.items() if np.isfinite(each).sum() >= FEWEST
    }
    if len(known) < 2:
        return []
    slow = min(known, key=lambda rank: known[rank])
    others = float(np.median([seconds for rank, seconds in known.items() if rank != slow]))
    said = f"Exchanges take {_milliseconds(others)} (median)"
    if known[slow] * STRAGGLES < others:
        return [f"{said}, but {_milliseconds(known[slow])} on rank {slow}: the others wait for it."]
    return [f"{said} on all ranks alike: none is waited for."]


def _gradients(norms: Numbers, cosines: Numbers) -> list[str]:
    found = []
    if len(norms) > 1:
        spread = _median(spread_of(norms))
        if np.isfinite(spread):
            found.append(
                f"The norms of their gradients lie {100 * spread:.0f} % of their mean apart "
                "(median over the steps)."
            )
    medians = {rank: _median(each) for rank, each in cosines.items()}
    known = {rank: each for rank, each in medians.items() if np.isfinite(each)}
    if len(known) > 1:
        least = min(known, key=lambda rank: known[rank])
        found.append(
            f"The update of all follows rank {least}'s own gradient least: cosine "
            f"{known[least]:.2f} (median)" + (", hardly at all." if known[least] < ALIKE else ".")
        )
    return found


def _median(values: npt.NDArray[np.float64]) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else float("nan")


def _milliseconds(seconds: float) -> str:
    return f"{1000 * seconds:.3g} ms"


def _listed(ranks: Sequence[int]) -> str:
    """``0, 1, 5 to 9``"""
    parts: list[str] = []
    start = 0
    for place in range(1, len(ranks) + 1):
        if place < len(ranks) and ranks[place] == ranks[place - 1] + 1:
            continue
        run = ranks[start:place]
        parts += [f"{run[0]} to {run[-1]}"] if len(run) > 2 else map(str, run)
        start = place
    return ", ".join(parts)
