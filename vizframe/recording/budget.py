"""A budget: how much of the training's time recording may take, and which plugins that pays for.

    share = seconds spent recording ÷ seconds spent training

Every plugin is recorded once as soon as it can be paid. From then on what is earned is divided
fairly: each may have as much as any other, and what the cheap ones leave goes to expensive ones.

    earned ──► weights      2 ms a time    whenever it is due
               activation  14 ms a time    whenever it is due
               ascent       3 s a time     when what the others left has grown to that

The first recordings are made on credit, since the weights that they show are gone afterwards: what
the first forty seconds of training earn may be spent before they are over, one plugin after the
other, those that iterate last. So a short training is recorded whole. A plugin that was never
seen to end gets what is there and no more: as soon as its own report of progress foretells a higher
cost, it is stopped, and waits until that has been earned. Whatever was overdrawn is worked off
before anything else is recorded.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager

from vizframe.errors import UsageError
from vizframe.recording.work_clock import work_time

Clock = Callable[[], float]

LENT = 40.0
"""Seconds of training whose share may be spent before they are over."""

VITALS_IN_FULL = 0.1
"""The smallest budget that leaves the vitals all the time that they usually take."""

USUAL = "20%"
"""The budget of a script that is recorded, unless one says otherwise."""

_PERCENT = re.compile(r"\s*(\d+(?:\.\d+)?)\s*%\s*")


def share_of(budget: float | str | None) -> float | None:
    """The share that ``"5%"`` or ``0.05`` means; None for ``"none"``: no limit.

    Raises:
        UsageError: it is not above 0, or has no percent sign.
    """
    if budget is None or (isinstance(budget, str) and budget.strip().lower() == "none"):
        return None
    match = _PERCENT.fullmatch(budget) if isinstance(budget, str) else None
    share = float(match[1]) / 100 if match else budget
    if isinstance(share, str) or not 0 < share < float("inf"):
        raise UsageError(
            f"budget is {budget!r}; it can be a percentage above 0, such as '5%', or 'none'"
        )
    return share


class Budget:
    """Measures recording against training, and says which plugins can be afforded.

    Attributes:
        share: the most that recording may take of the training's time, the vitals included; None
            for no limit.
        costs: what each plugin took when it last ran, or what it foretold when it was stopped.
        last: seconds that the latest recording took.
    """

    def __init__(
        self,
        share: float | None = None,
        clock: Clock = work_time,
        beside: Callable[[], float] = lambda: 0.0,
    ) -> None:
        """
        Args:
            beside: seconds that were spent apart from recordings, on the vitals: they are part of
                the share, and are not stopped by it.
        """
        self.share = share
        self._others = beside
        self.costs: dict[str, float] = {}
        self.last = 0.0
        self._clock = clock
        self._started = clock()
        self._charged = 0.0
        self._since: float | None = None
        self._spent: Counter[str] = Counter()
        self._ended: set[str] = set()
        self._beside = 0.0
        self._recordings = 0

    @property
    def part_for_vitals(self) -> float:
        """The share of their usual time that the vitals may take: less than 1 where the budget is
        small, so that it pays for pictures, too."""
        return 1.0 if self.share is None else min(1.0, self.share / VITALS_IN_FULL)

    @property
    def recording(self) -> float:
        """Seconds spent recording so far."""
        return self._charged + self._under_way

    @property
    def _under_way(self) -> float:
        return 0.0 if self._since is None else self._clock() - self._since

    @property
    def training(self) -> float:
        """Seconds since the start that were not spent recording."""
        return self._clock() - self._started - self.recording - self._others()

    @property
    def spent(self) -> float:
        """The share that recording has taken so far, with the vitals; 0 before any training."""
        training = self.training
        return (self.recording + self._others()) / training if training > 0 else 0.0

    def choose_affordable(self, due: Iterable[str], *, at_end: bool = False) -> list[str]:
        """Those of the due plugins that can be recorded now, the cheapest first.

        Args:
            at_end: whether training is over, so that nobody has to save any more.
        """
        labels = list(due)
        if self.share is None:
            return labels
        costs = {label: self.costs.get(label, 0.0) for label in labels}
        demands = {label: self._spent[label] + cost for label, cost in costs.items()}
        most = math.inf if at_end else self._each(demands)
        left = self._left() - self._beside
        chosen = []
        for label in sorted(labels, key=costs.__getitem__):
            new = label not in self._ended
            if costs[label] <= left and (new or demands[label] <= most):
                chosen.append(label)
                left -= costs[label]
        return chosen

    def limit(self, label: str) -> float:
        """Seconds that this plugin may take now; 0 or less: it is not to be started. One that was
        stopped, and has waited for what it costs, may take twice that."""
        if self.share is None or label in self._ended:
            return math.inf
        return max(self._left(), 2 * self.costs.get(label, 0.0))

    def learn(self, seconds: Mapping[str, float], stopped: Mapping[str, float]) -> None:
        """Note what plugins have cost, and what those that were stopped would have cost.

        Args:
            seconds: spent on each plugin that was started.
            stopped: what those of them that were stopped would have taken, in seconds.
        """
        self._spent.update(seconds)
        self._ended |= seconds.keys() - stopped.keys()
        self.costs.update({**seconds, **stopped})

    def describe_unpaid(self, label: str) -> str:
        """A sentence on a plugin that was due and could never be paid; empty for all others."""
        if self.share is None or not self._recordings or label in self._ended:
            return ""
        cost = f", which would take {self.costs[label]:.2g} s" if label in self.costs else ""
        return (
            f"plugin {label!r} was never recorded: a budget of {100 * self.share:.3g} % of "
            f"{self.training:.0f} s of training does not pay for it{cost}"
        )

    def numbers(self) -> dict[str, float]:
        """What recording has cost, by the name of the scalar; empty before the first recording."""
        if not self._recordings:
            return {}
        return {"recorder/share": self.spent, "recorder/seconds": self.last}

    @contextmanager
    def charge(self) -> Iterator[None]:
        """Count the time spent inside as recording, also when it fails; once, where charges
        nest."""
        if self._since is not None:
            yield
            return
        self._since = self._clock()
        try:
            yield
        finally:
            self._charged, self._since = self.recording, None

    @contextmanager
    def measure(self) -> Iterator[None]:
        """Likewise, as one recording. What it costs beside its plugins, the next one is expected to
        cost, too."""
        before, plugins = self.recording, self._spent.total()
        try:
            with self.charge():
                yield
        finally:
            self.last = self.recording - before
            self._beside = self.last - (self._spent.total() - plugins)
            self._recordings += 1

    def _left(self) -> float:
        """Seconds that recording may take now; negative where more was spent than earned."""
        assert self.share is not None
        lent = self.share * LENT
        earned = max(self.share * self.training, lent) - self.recording - self._others()
        return earned if self._recordings else max(earned, lent - self._under_way)

    def _each(self, demands: Mapping[str, float]) -> float:
        """The most seconds that one plugin may have spent in all: what is earned is divided evenly,
        and what some do not need goes to the others."""
        wanted = sorted({**self._spent, **demands}.values())
        left = self._left() + self._spent.total() - self._beside
        for before, demand in enumerate(wanted):
            others = len(wanted) - before
            if demand * others > left:
                return left / others
            left -= demand
        return math.inf
