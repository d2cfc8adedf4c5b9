"""What is answered about runs, one method for each address: see `vizframe.webapp.api`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

import numpy as np
from flask import Response, request

from vizframe.errors import UsageError
from vizframe.images.colormap import lut
from vizframe.webapp import (
    caching,
    change,
    difference,
    events,
    manifest,
    noted,
    results,
    texts,
    tile_bytes,
)
from vizframe.webapp.damage import SECONDS
from vizframe.webapp.exporting import exported
from vizframe.webapp.matched import matched
from vizframe.webapp.numbers import finite, plain
from vizframe.webapp.open_runs import OpenRun, OpenRuns
from vizframe.webapp.request import RequestedSeries, number, query, steps, text
from vizframe.webapp.workers import with_drift

MOST_STRIP_STEPS = 120
"""Tiles of a film strip in one answer; more would not fit any screen."""

COLOUR_MAPS = ("signed", "signed-dark", "perceptual", "grey")
"""In the order in which /colours sends them."""


@dataclass(frozen=True, slots=True, eq=False)
class RunViews:
    """The views of the runs of a catalog. Each answers the request that is being handled.

    Raises:
        UnknownName, UsageError, HistoryError: what is asked for is not there, is not what it can
            be, or cannot be read.
    """

    open_runs: OpenRuns

    def runs(self) -> Response:
        return caching.document([manifest.summary(each) for each in self.open_runs.catalog.runs()])

    def run(self) -> Response:
        name = query().get("run") or manifest.first(self.open_runs.catalog)
        if name is None:
            return caching.document(None)
        with self.open_runs.run(name, fresh=True) as found:
            since, mark = number(query(), "since", 0), query().get("mark", "")

            def make() -> object:
                told = found.name, found.history, found.probe_digest, found.sums
                return difference.told(manifest.manifest(*told), since, mark, found.sums)

            return caching.answer(found.document(("run", since, mark), make))

    def result(self) -> Response:
        with self._run() as found:
            return caching.document(results.result(found.history))

    def curves(self) -> Response:
        with self._run() as found:
            since, mark = number(query(), "since", 0), query().get("mark")

            def make() -> object:
                scalars, version = found.history.scalars(), found.history.version
                return difference.curves(with_drift(scalars), version, since, mark, found.sums)

            return caching.answer(found.document(("curves", since, mark), make))

    def extent(self) -> Response:
        with self._series() as (found, wanted):
            limits = found.extents.of(found.history, wanted.declaration)
        low, high = float(limits.low), float(limits.high)
        return caching.document({"low": finite(low), "high": finite(high)})

    def columns(self) -> Response:
        with self._series() as (found, wanted):
            step = _steps(wanted, "step")[0]
            values = found.history.columns(wanted.declaration.key, step)
            picked = {name: plain(np.asarray(each[wanted.where])) for name, each in values.items()}
        return caching.document(picked)

    def change(self) -> Response:
        with self._series() as (_, wanted):
            step, since = _steps(wanted, "step", "since")
            found = change.between(wanted, step, since)
        return caching.document(found)

    def formed(self) -> Response:
        with self._series() as (_, wanted):
            found = change.formed(wanted)
        return caching.document(found)

    def match(self) -> Response:
        return caching.document(matched(self.open_runs, query()))

    def events(self) -> Response:
        with self._series() as (found, wanted):
            seconds = SECONDS if "look" in query() else 0.0
            torn, unseen = found.damage.look(wanted, seconds)
            happened = events.events(wanted, torn)
        return caching.document({"events": happened, "unseen": unseen})

    def texts(self) -> Response:
        with self._run() as found:
            return caching.document(texts.texts(found.history))

    def token(self) -> Response:
        with self._run() as found:
            step, which, time = (number(query(), name) for name in ("step", "text", "time"))
            return caching.document(texts.token(found.history, step, which, time))

    def tiles(self) -> Response:
        with self._series() as (_, wanted):
            packed = tile_bytes.gallery(wanted, _steps(wanted, "step")[0])
        return caching.body(packed.data, forever=packed.whole and "t" in query())

    def strip(self) -> Response:
        with self._series() as (_, wanted):
            film = _steps(wanted, "steps")
            if len(film) > MOST_STRIP_STEPS:
                raise UsageError(
                    f"a film strip of {len(film)} steps was asked for; "
                    f"it can have up to {MOST_STRIP_STEPS}"
                )
            packed = tile_bytes.strip(wanted, film)
        return caching.body(packed.data, forever=packed.whole and "t" in query())

    def probe(self) -> Response:
        with self._run() as found:
            images = found.history.probe
            if images is None or not manifest.is_shown(images):
                raise UsageError("the run has no probe that can be shown as pictures")
            pictures = images.normalization.to_picture(images.images)
        shown = np.moveaxis(pictures, 1, -1) if pictures.shape[1] == 3 else pictures[:, 0]
        return caching.body(tile_bytes.pictures(shown, {}), forever="id" in query())

    def export(self) -> Response:
        with self._run() as found:
            return exported(found.name, found.history, query())

    def notes(self) -> Response:
        return caching.document(noted.read(self.open_runs, text(query(), "run")))

    def note(self) -> Response:
        """Note the request's body, and answer with all notes."""
        noted.write(self.open_runs, text(query(), "run"), request.get_data())
        return self.notes()

    def colours(self) -> Response:
        """The colour maps, one after the other."""
        data = b"".join(lut(name).tobytes() for name in COLOUR_MAPS)
        return caching.body(data, forever=False)

    def _run(self) -> AbstractContextManager[OpenRun]:
        return self.open_runs.run(text(query(), "run"))

    @contextmanager
    def _series(self) -> Iterator[tuple[OpenRun, RequestedSeries]]:
        """The run that is asked for, and the series of it."""
        with self._run() as found:
            yield found, RequestedSeries.of(found.history, query())


def _steps(wanted: RequestedSeries, *names: str) -> list[int]:
    """The steps of the series that are named by these arguments of the address, in order."""
    asked = ",".join(text(query(), name) for name in names)
    return list(steps(wanted.history, wanted.declaration, asked))
