"""Measure several ways of doing one thing in turn, so that a noisy machine is noisy to all."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from benchmarks.clock import now

WARM_UP = 2


@dataclass(frozen=True)
class Times:
    """Seconds of each round."""

    rounds: tuple[float, ...]

    @property
    def ms(self) -> float:
        """The median, in milliseconds."""
        return 1000 * statistics.median(self.rounds)

    @property
    def mean_ms(self) -> float:
        """With what happens now and then: merging, say."""
        return 1000 * statistics.fmean(self.rounds)


def side_by_side(
    ways: Mapping[str, Callable[[int], object]], rounds: int, warm_up: int = WARM_UP
) -> dict[str, Times]:
    """Each way once per round, each round beginning with another one.

    Args:
        ways: called with the round's number.
        rounds: how many are counted.
        warm_up: how many come before and are not.
    """
    names = list(ways)
    times: dict[str, list[float]] = {name: [] for name in names}
    for number in range(warm_up + rounds):
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            start = now()
            ways[name](number)
            times[name].append(now() - start)
    return {name: Times(tuple(each[warm_up:])) for name, each in times.items()}


def claim(what: str, value: float, bound: str, unit: str = "×") -> None:
    """Print a number beside what it must reach, such as ``≥ 0.7`` or ``≤ 5``."""
    sign, limit = bound.split()
    reached = value >= float(limit) if sign == "≥" else value <= float(limit)
    print(f"{what:66} {value:8.2f} {unit:2} (must be {bound})  {'yes' if reached else 'NO'}")
