"""The portions of all plugins of a recording, each chosen when it is first due."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Self

from vizframe.errors import UsageError
from vizframe.history.aside import IN_MEMORY, Aside
from vizframe.plugin import Frame, Scene
from vizframe.recording.budget import share_of
from vizframe.recording.config import Config
from vizframe.recording.jobs import Job
from vizframe.recording.portion import ALL, Caches, Portion
from vizframe.recording.portion_choice import Means, choose

log = logging.getLogger("vizframe")

RECORDINGS = 20
"""How many recordings a run of its largest size is to hold, before the oldest are thinned."""


class Portions:
    """How much of each plugin is recorded.

    Args:
        known: the portions of plugins that the run has already, by label.
        units: at most so many of each layer; ``all``; None for as many as can be paid.
        max_size: bytes that the run may take; None for no limit.
        growing: how many plugins share these bytes.
        room: bytes that the activations of a step may take.
    """

    def __init__(
        self,
        known: Mapping[str, Portion] = MappingProxyType({}),
        units: int | str | None = None,
        max_size: int | None = None,
        growing: int = 1,
        room: float = math.inf,
    ) -> None:
        self._chosen = dict(known)
        self._made: dict[str, Iterator[Frame] | None] = {}
        self._by_images: dict[str, int | None] = {}
        self._units, self._room = units, room
        self._bytes = math.inf if max_size is None else max_size / RECORDINGS / max(1, growing)

    @classmethod
    def of_config(cls, config: Config, jobs: Iterable[Job], known: Mapping[str, Portion]) -> Self:
        """The portions that the options describe; without a budget the run's size is not
        limited."""
        growing = sum(bool(each.plugin.grows_with) for each in jobs)
        max_size = None if share_of(config.budget) is None else config.max_size
        return cls(known, units_of(config.units), max_size, growing, config.room)

    def __contains__(self, label: str) -> bool:
        return label in self._chosen

    def of(
        self,
        job: Job,
        scene: Scene,
        seconds: float,
        caches: Caches | None = None,
        aside: Aside = IN_MEMORY,
    ) -> Portion:
        """How much of the scene the plugin is shown; chosen the first time, for so many seconds.

        A plugin that grows with units is shown as many images as the plugin that is shown most,
        since the activations for these are there already.
        """
        grows = job.plugin.grows_with
        if "units" in grows and self._units is not None:
            return ALL if isinstance(self._units, str) else Portion(units=self._units)
        if "units" in grows:
            scene = Portion(images=self._images()).of(scene, caches)
        if job.label not in self._chosen:
            means = Means(seconds, self._bytes, self._room)
            choice = choose(job.plugin, scene, means, aside=aside)
            self._chosen[job.label] = choice.portion
            self._made[job.label] = choice.frames
            if left_out := choice.portion.describe(scene):
                log.warning(
                    "plugin %r records %s, at every step the same; --units all and "
                    "--budget none record the rest",
                    job.label,
                    left_out,
                )
        known = self._chosen[job.label]
        if "images" in grows:
            self._by_images[job.label] = known.images
        return Portion(
            units=known.units if "units" in grows else None,
            images=known.images if "images" in grows else self._images() if grows else None,
            layers=known.layers if "units" in grows else None,
        )

    def count_unchosen(self, jobs: Iterable[Job]) -> int:
        """How many of these plugins divide what may be spent: those that can be given a portion,
        and have none yet. Others take what they take."""
        return sum(bool(job.plugin.grows_with) and job.label not in self for job in jobs)

    def made(self, label: str) -> Iterator[Frame] | None:
        """The frames of its portion, where choosing the portion has just made them; None otherwise,
        and when asked again."""
        return self._made.pop(label, None)

    def _images(self) -> int | None:
        """The most images that a plugin which grows with them is shown; None: all."""
        counts = self._by_images.values()
        few = [count for count in counts if count is not None]
        return max(few) if few and len(few) == len(counts) else None


def units_of(units: int | str | None) -> int | str | None:
    """What ``--units`` means: a number, ``all``, or None for as many as can be paid.

    Raises:
        UsageError: it is neither.
    """
    if units is None or units == "all" or (isinstance(units, int) and units > 0):
        return units
    if isinstance(units, str) and units.isdecimal() and int(units) > 0:
        return int(units)
    raise UsageError(f"units is {units!r}; it can be a number of units, or 'all'")
