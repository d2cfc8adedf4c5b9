"""Which frames of a long training are kept. Numbers over steps are always kept: they are small.

What goes, goes when segments are merged. The first step of a session and the newest one of a run
never go.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from vizframe.errors import UsageError

Mask = npt.NDArray[np.bool_]

DECADE = 10
"""Recordings per decade that ``log`` keeps."""

_KEEP = re.compile(
    r"\s*(?:(?P<all>all)|(?P<every>[1-9]\d*)|log(?:\s*:\s*(?P<decade>[1-9]\d*))?)\s*", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Retention:
    """A policy; by default all is kept. Commits are counted from 0 in each session.

    Attributes:
        every: of the merged commits, keep each k-th.
        per_decade: of the merged commits, keep so many between 10 and 100, as many between 100 and
            1,000, and so on, evenly spaced in the logarithm; and the first ten. None: no such rule.
        max_bytes: when the run's files take more, keep every second of the oldest steps, then of
            the next ones, and so on from the oldest again. None: no limit.
    """

    every: int = 1
    per_decade: int | None = None
    max_bytes: int | None = None

    def __post_init__(self) -> None:
        for name in ("every", "per_decade", "max_bytes"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise UsageError(f"{name} is {value}; it can be 1 or more")

    @classmethod
    def of(cls, keep: int | str = "all", max_bytes: int | None = None) -> Self:
        """The policy that a person asked for.

        Args:
            keep: ``"all"``; every so many, such as ``5``; ``"log"`` for ten per decade, and
                ``"log:20"`` for another number of them.
            max_bytes: see the class.

        Raises:
            UsageError: it is something else.
        """
        match = _KEEP.fullmatch(str(keep))
        if match is None:
            raise UsageError(
                f"keep is {keep!r}; it can be 'all', a number such as 5 (every fifth), 'log' or "
                "'log:20' (so many per decade)"
            )
        if match["all"]:
            return cls(max_bytes=max_bytes)
        if match["every"]:
            return cls(every=int(match["every"]), max_bytes=max_bytes)
        return cls(per_decade=int(match["decade"] or DECADE), max_bytes=max_bytes)

    def kept(self, commits: npt.NDArray[np.int64], stride: int = 1) -> Mask:
        """Which of these commits keep their frames; ``stride``: one of so many, at most."""
        kept: Mask = commits % (self.every * stride) == 0
        if self.per_decade is not None:
            kept &= _is_spaced(commits, self.per_decade)
        kept |= commits == 0
        return kept


KEEP_ALL = Retention()


def _is_spaced(commits: npt.NDArray[np.int64], per_decade: int) -> Mask:
    """Whether a commit is the first one behind a mark; the marks are even in the logarithm."""
    behind, before = (
        np.floor(np.log10(np.maximum(count, 1)) * per_decade) for count in (commits, commits - 1)
    )
    spaced: Mask = (commits < 10) | (behind != before)
    return spaced
