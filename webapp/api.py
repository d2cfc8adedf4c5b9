"""The addresses under /api/v1: raw bytes and JSON, read-only.

    runs                                   all runs
    run       [run] [since mark]           what a run holds; of one that is known, what is new;
                                           without a name, of the first that has steps
    result    run                          its last numbers, its loss in short, hyper-parameters
    curves    run [since mark]             loss, metrics, … over the steps, likewise
    tiles     run id kind layer step [at]  a gallery, as `tile_bytes` lays it out
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

from flask import Blueprint, Response, request

from vizframe.errors import UnknownName, UsageError
from vizframe.network.live import Live
from vizframe.webapp.asked import Networks
from vizframe.webapp.faults import describe, refuse
from vizframe.webapp.network_views import NetworkViews
from vizframe.webapp.open_runs import OpenRuns
from vizframe.webapp.run_views import RunViews
from vizframe.webapp.what_if import WhatIf

View = Callable[[], Response]


def blueprint(
    open_runs: OpenRuns, network: Live | None = None, images: Path | None = None
) -> Blueprint:
    """The routes over these runs, and to a network that can be asked.

    Args:
        images: a folder of pictures in a folder per class, which What if measures on.
    """
    networks = Networks.of(network, open_runs)
    of_runs, of_networks = RunViews(open_runs), NetworkViews(WhatIf(networks, open_runs, images))
    found = Blueprint("api", __name__, url_prefix="/api")
    weakref.finalize(found, networks.close)  # and when this process ends
    for view in (
        of_runs.runs,
        of_runs.run,
        of_runs.result,
        of_runs.curves,
        of_runs.tiles,
        of_runs.strip,
        of_runs.columns,
        of_runs.extent,
        of_runs.change,
        of_runs.match,
        of_runs.formed,
        of_runs.events,
        of_runs.probe,
        of_runs.export,
        of_runs.notes,
        of_runs.texts,
        of_runs.token,
        of_runs.colours,
        of_networks.live,
        of_networks.judged,
        of_networks.masked,
    ):
        found.get(f"/v1/{view.__name__}")(_in_sentences(view))
    found.post("/v1/notes")(_in_sentences(of_runs.note))
    found.post("/v1/live")(_in_sentences(of_networks.ask))
    found.post("/v1/whatif")(_in_sentences(of_networks.whatif))
    found.route("/", defaults={"_path": ""}, methods=["GET", "POST"])(_nowhere)
    found.route("/<path:_path>", methods=["GET", "POST"])(_nowhere)
    return found


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
