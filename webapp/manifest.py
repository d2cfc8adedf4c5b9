"""What a run holds, as the browser is told: steps, series, layers, probe, faults."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from vizframe.history import Catalog, Declaration, History, RunSummary, SeriesKey
from vizframe.network.probe import Probe
from vizframe.webapp.numbers import finite, plain
from vizframe.webapp.request import spread
from vizframe.webapp.sums import Sums
from vizframe.webapp.texts import is_in_words

Ints = npt.NDArray[np.int64]

NEWEST_FAILURES = 50


class StepLists:
    """The distinct lists of steps among those of the series."""

    def __init__(self, sums: Sums) -> None:
        self.found: list[Ints] = []
        self._sums = sums
        self._places: dict[tuple[int, int, int], int] = {}

    def place_of(self, key: SeriesKey, steps: Ints) -> int:
        """The place of the list among those of steps; it is added where it is new."""
        mark = (
            len(steps),
            int(steps[-1]) if len(steps) else 0,
            self._sums.of(key, steps, len(steps)),
        )
        place = self._places.setdefault(mark, len(self.found))
        if place == len(self.found):
            self.found.append(steps)
        return place


def manifest(
    name: str, history: History, probe_digest: str | None = None, sums: Sums | None = None
) -> dict[str, object]:
    """All but the pixels and the curves. Series of equal steps name one list of steps.

    What grows with the steps are arrays still: `difference.told` says of them what is new.

    Args:
        probe_digest: tells the probe's images from those of another run.
        sums: of what was told before.
    """
    lists = StepLists(sums or Sums())
    shown = [each for each in history.declarations.values() if not is_in_words(each)]
    series = [_series(history, each, lists) for each in shown]
    info, scalars = history.info, history.scalars()
    failures = history.failures()
    return {
        "run": name,
        "id": info.id,
        "name": info.name,
        "created": finite(info.created),
        "command": list(info.command),
        "host": info.host,
        "versions": dict(info.versions),
        "network": info.network,
        "classes": list(info.class_names),
        "layers": [each.model_dump(mode="json") for each in info.layers],
        "version": history.version,
        "steps": scalars.steps,
        "times": scalars.time,
        "epochs": scalars.epoch,
        "step_lists": lists.found,
        "series": series,
        "probe": probe(history.probe, probe_digest),
        "failures": [each.model_dump() for each in failures[-NEWEST_FAILURES:]],
        "failure_count": len(failures),
        "faults": list(history.faults()),
    }


def _series(history: History, declaration: Declaration, lists: StepLists) -> dict[str, object]:
    steps = np.asarray(history.series_steps(declaration.key), np.int64)
    key = declaration.key
    return {
        "kind": key.kind,
        "label": key.label,
        "part": key.part,
        "rank": key.rank,
        "layer": key.layer,
        "title": declaration.title,
        "help": declaration.help,
        "picture_help": declaration.picture_help,
        "axes": list(declaration.axes),
        "tile_axes": list(declaration.tile_axes),
        "tile_shape": list(declaration.tile_shape),
        "picture_shape": list(declaration.picture_shape),
        "spread": spread(declaration.tile_axes),
        "signed": declaration.signed,
        "draw": declaration.draw,
        "colour": is_colour(declaration),
        "value_range": _range(declaration),
        "over": declaration.over,
        "columns": dict(declaration.columns),
        "column_help": dict(declaration.column_help),
        "column_roles": dict(declaration.column_roles),
        "parameters": dict(declaration.parameters),
        "steps": lists.place_of(key, steps),
    }


def is_colour(declaration: Declaration) -> bool:
    """Whether a tile's last axis are the three channels of a picture."""
    picture = declaration.picture_shape
    return len(picture) == 3 and picture[-1] == 3


def _range(declaration: Declaration) -> list[float] | None:
    limits = declaration.value_range
    return list(limits) if limits and all(map(math.isfinite, limits)) else None


def probe(found: Probe | None, digest: str | None = None) -> dict[str, object] | None:
    """The probe in words; its pictures have an address of their own."""
    if found is None:
        return None
    labels = None if found.labels is None else plain(found.labels)
    return {
        "count": len(found),
        "digest": digest,
        "shape": list(found.images.shape[1:]),
        "labels": labels,
        "names": list(found.names),
        "pictures": is_shown(found),
        "noun": found.noun,
        "texts": len(found.tokens),
    }


def is_shown(found: Probe) -> bool:
    """Whether the probe's inputs are pictures: grey or in colour."""
    return found.noun == "image" and found.images.ndim == 4 and found.images.shape[1] in (1, 3)


def first(catalog: Catalog) -> str | None:
    """The run that is shown to who names none: the first that has steps, else the first."""
    runs = catalog.runs()
    return next((each.name for each in [*(run for run in runs if run.steps), *runs]), None)


def summary(found: RunSummary) -> dict[str, object]:
    """A line of the list of runs."""
    info = found.info
    return {
        "run": found.name,
        "id": info.id if info else None,
        "network": info.network if info else "",
        "created": finite(info.created) if info else None,
        "steps": found.steps,
        "last_step": found.last_step,
        "last_time": finite(found.last_time),
        "bytes": found.bytes,
        "fault": found.fault,
    }
