"""The addresses under /api/v1: raw bytes and JSON, read-only.

    runs                                   all runs
    run       [run] [since mark]           what a run holds; of one that is known, what is new;
                                           without a name, of the first that has steps
    result    run                          its last numbers, its loss in short, hyper-parameters
    curves    run [since mark]             loss, metrics, … over the steps, likewise
    tiles     run id kind layer step [at]  a gallery, as `body` lays it out
    strip     run id kind layer steps at   one tile over many steps
    columns   run id kind layer step at    the numbers beside one tile
    extent    run id kind layer            the range over the whole history
    change    run id kind layer step since at  how much each tile changed between two steps
    match     run layer step with withstep [by]  which unit of one run is which of another
    formed    run id kind layer at         by which step most of each tile's change was done
    events    run id kind layer at [look]  what happened when: epochs, spikes, findings, damage; and
                                           how many steps were not looked at for damage: look does
    probe     run id                       the probe's pictures
    export    run as [kind layer step …]   a picture, a film, or one page, to take along
    notes     run                          what was noted; a POST of JSON notes something
    texts     run id                       the tokens of the probe's texts
    token     run id step text time        what is predicted after one token
    colours                                the colour maps, 256 × 3 bytes each
    live      [run weights]                what a network can be asked: the server's, or the one the
                                           run keeps, with its weights of that step; with a picture
              layer [run]                  as the body of a POST, the maps of one layer
    whatif    layer changes [run image]    likewise, with units changed, of a picture or the probe
    judged    changes [run]                accuracy on the server's folder of pictures
    masked    changes [run]                the network's parameters with the changes in them

Anything else is 404 with JSON, never the page. An error is ``{"error": sentence}``.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from functools import wraps
from pathlib import Path

import numpy as np
from flask import Blueprint, Response, request

from vizframe.errors import UnknownName, UsageError
from vizframe.images.colormap import lut
from vizframe.network.live import Live
from vizframe.webapp import caching, difference, manifest, noted
from vizframe.webapp import change as change_of
from vizframe.webapp import events as events_of
from vizframe.webapp import live as asking
from vizframe.webapp import texts as probe_texts
from vizframe.webapp import tile_bytes as body
from vizframe.webapp.asked import Networks
from vizframe.webapp.damage import SECONDS
from vizframe.webapp.exporting import exported
from vizframe.webapp.faults import describe, refuse
from vizframe.webapp.matched import matched
from vizframe.webapp.numbers import finite, plain
from vizframe.webapp.open_runs import OpenRuns
from vizframe.webapp.request import RequestedSeries, number, steps, text
from vizframe.webapp.results import result as result_of
from vizframe.webapp.what_if import WhatIf
from vizframe.webapp.workers import with_drift

MOST_STRIP_STEPS = 120
"""Tiles of a film strip in one answer; more would not fit any screen."""

COLOUR_MAPS = ("signed", "signed-dark", "perceptual", "grey")
"""In the order in which /colours sends them."""

View = Callable[[], Response]


def blueprint(
    open_runs: OpenRuns, network: Live | None = None, images: Path | None = None
) -> Blueprint:
    """The routes over these runs, and to a network that can be asked.

    Args:
        images: a folder of pictures in a folder per class, which What if measures on.
    """
    found = Blueprint("api", __name__, url_prefix="/api")
    networks = Networks.of(network, open_runs)
    weakref.finalize(found, networks.close)  # and when this process ends
    _add_live(found, open_runs, networks, images)
    _add_notes(found, open_runs)
    _add_what_if(found, WhatIf(networks, open_runs, images))
    for view in (*_words(open_runs), *_texts(open_runs), *_pixels(open_runs), colours):
        found.get(f"/v1/{view.__name__}")(_in_sentences(view))
    found.route("/", defaults={"_path": ""}, methods=["GET", "POST"])(_nowhere)
    found.route("/<path:_path>", methods=["GET", "POST"])(_nowhere)
    return found


def _add_live(
    found: Blueprint, open_runs: OpenRuns, networks: Networks, images: Path | None
) -> None:
    def live() -> Response:
        return asking.describe(networks, request_arguments(), images)

    def ask() -> Response:
        return asking.respond(networks, open_runs, request_arguments())

    found.get("/v1/live")(_in_sentences(live))
    found.post("/v1/live")(_in_sentences(ask))


def _add_notes(found: Blueprint, open_runs: OpenRuns) -> None:
    def notes() -> Response:
        return caching.document(noted.read(open_runs, text(request_arguments(), "run")))

    def note() -> Response:
        noted.write(open_runs, text(request_arguments(), "run"), request.get_data())
        return notes()

    found.get("/v1/notes")(_in_sentences(notes))
    found.post("/v1/notes")(_in_sentences(note))


def _add_what_if(found: Blueprint, changed: WhatIf) -> None:
    def whatif() -> Response:
        return changed.respond(request_arguments())

    def judged() -> Response:
        return changed.judge(request_arguments())

    def masked() -> Response:
        return changed.checkpoint(request_arguments())

    found.post("/v1/whatif")(_in_sentences(whatif))
    found.get("/v1/judged")(_in_sentences(judged))
    found.get("/v1/masked")(_in_sentences(masked))


def _words(open_runs: OpenRuns) -> tuple[View, ...]:
    """What is answered in JSON."""
    asked = request_arguments

    def runs() -> Response:
        return caching.document([manifest.summary(each) for each in open_runs.catalog.runs()])

    def run() -> Response:
        name = asked().get("run") or manifest.first(open_runs.catalog)
        if name is None:
            return caching.document(None)
        with open_runs.run(name, fresh=True) as found:
            since, mark = number(asked(), "since", 0), asked().get("mark", "")

            def make() -> object:
                told = found.name, found.history, found.probe_digest, found.sums
                return difference.told(manifest.manifest(*told), since, mark, found.sums)

            return caching.answer(found.document(("run", since, mark), make))

    def result() -> Response:
        with open_runs.run(text(asked(), "run")) as found:
            return caching.document(result_of(found.history))

    def curves() -> Response:
        with open_runs.run(text(asked(), "run")) as found:
            since, mark = number(asked(), "since", 0), asked().get("mark")

            def make() -> object:
                scalars, version = found.history.scalars(), found.history.version
                return difference.curves(with_drift(scalars), version, since, mark, found.sums)

            return caching.answer(found.document(("curves", since, mark), make))

    def extent() -> Response:
        with open_runs.run(text(asked(), "run")) as found:
            wanted = RequestedSeries.of(found.history, asked())
            limits = found.extents.of(found.history, wanted.declaration)
        low, high = float(limits.low), float(limits.high)
        return caching.document({"low": finite(low), "high": finite(high)})

    def columns() -> Response:
        with open_runs.run(text(asked(), "run")) as found:
            wanted = RequestedSeries.of(found.history, asked())
            step = steps(found.history, wanted.declaration, text(asked(), "step"))[0]
            values = found.history.columns(wanted.declaration.key, step)
            picked = {name: plain(np.asarray(each[wanted.where])) for name, each in values.items()}
        return caching.document(picked)

    return runs, run, result, curves, extent, columns, *_changes(open_runs)


def _changes(open_runs: OpenRuns) -> tuple[View, ...]:
    """What moved, answered in JSON."""
    asked = request_arguments

    def change() -> Response:
        with open_runs.run(text(asked(), "run")) as found:
            wanted = RequestedSeries.of(found.history, asked())
            pair = steps(
                found.history,
                wanted.declaration,
                f"{text(asked(), 'step')},{text(asked(), 'since')}",
            )
            told = change_of.between(wanted, *pair)
        return caching.document(told)

    def formed() -> Response:
        with open_runs.run(text(asked(), "run")) as found:
            told = change_of.formed(RequestedSeries.of(found.history, asked()))
        return caching.document(told)

    def match() -> Response:
        return caching.document(matched(open_runs, asked()))

    def events() -> Response:
        with open_runs.run(text(asked(), "run")) as found:
            wanted = RequestedSeries.of(found.history, asked())
            seconds = SECONDS if "look" in asked() else 0.0
            torn, unseen = found.damage.look(wanted, seconds)
            told = events_of.events(wanted, torn)
        return caching.document({"events": told, "unseen": unseen})

    return change, formed, match, events


def _texts(open_runs: OpenRuns) -> tuple[View, ...]:
    """What is said of texts, answered in JSON."""
    asked = request_arguments

    def texts() -> Response:
        with open_runs.run(text(asked(), "run")) as found:
            return caching.document(probe_texts.texts(found.history))

    def token() -> Response:
        with open_runs.run(text(asked(), "run")) as found:
            step, which, time = (number(asked(), name) for name in ("step", "text", "time"))
            return caching.document(probe_texts.token(found.history, step, which, time))

    return texts, token


def _pixels(open_runs: OpenRuns) -> tuple[View, ...]:
    """What is answered in bytes."""
    asked = request_arguments

    def tiles() -> Response:
        with open_runs.run(text(asked(), "run")) as found:
            wanted = RequestedSeries.of(found.history, asked())
            step = steps(found.history, wanted.declaration, text(asked(), "step"))[0]
            packed = body.gallery(wanted, step)
        return caching.body(packed.data, forever=packed.whole and "t" in asked())

    def strip() -> Response:
        with open_runs.run(text(asked(), "run")) as found:
            wanted = RequestedSeries.of(found.history, asked())
            film = steps(found.history, wanted.declaration, text(asked(), "steps"))
            if len(film) > MOST_STRIP_STEPS:
                raise UsageError(
                    f"a film strip of {len(film)} steps was asked for; "
                    f"it can have up to {MOST_STRIP_STEPS}"
                )
            packed = body.strip(wanted, film)
        return caching.body(packed.data, forever=packed.whole and "t" in asked())

    def probe() -> Response:
        with open_runs.run(text(asked(), "run")) as found:
            images = found.history.probe
            if images is None or not manifest.is_shown(images):
                raise UsageError("the run has no probe that can be shown as pictures")
            pictures = images.normalization.to_picture(images.images)
        shown = np.moveaxis(pictures, 1, -1) if pictures.shape[1] == 3 else pictures[:, 0]
        return caching.body(body.pictures(shown, {}), forever="id" in asked())

    def export() -> Response:
        with open_runs.run(text(asked(), "run")) as found:
            return exported(found.name, found.history, asked())

    return tiles, strip, probe, export


def request_arguments() -> dict[str, str]:
    """The query; of a name given twice, the first counts."""
    return request.args.to_dict()


def colours() -> Response:
    """The tables, one after the other."""
    data = b"".join(lut(name).tobytes() for name in COLOUR_MAPS)
    return caching.body(data, forever=False)


def _in_sentences(view: View) -> View:
    """Errors on purpose become JSON with the status that fits."""

    @wraps(view)
    def answered() -> Response:
        try:
            return view()
        except UnknownName as error:
            return refuse(str(error), 404)
        except UsageError as error:
            return refuse(str(error), 400)
        except Exception as error:  # a run may hold anything, and its readers err
            return refuse(describe(error), 503)

    return answered


def _nowhere(_path: str) -> Response:
    return refuse(f"there is no address {request.path!r}; see /api/v1/runs", 404)
