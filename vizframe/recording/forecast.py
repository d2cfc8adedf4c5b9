"""A forecast: what each plugin of a recording would cost, from a trial of it. Nothing is recorded.

plugin         a recording   MB a step   MB a run   of
activation           0.3 s        12.1      1,210   all
deconvolution        4.1 s         1.9        190   1 of up to 1,000 units (all: 310 s, 940 MB)
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NoReturn

import numpy as np

from vizframe.errors import ForecastTold, PluginError, UsageError, VizframeError
from vizframe.history import HistoryWriter
from vizframe.network.adapter import Batch, adapter_for
from vizframe.network.layer import select
from vizframe.plugin import Plugin, Scene
from vizframe.recording.budget import Budget, share_of
from vizframe.recording.config import Config
from vizframe.recording.deadline import Deadline, Stopped
from vizframe.recording.declare import frames_of
from vizframe.recording.destination import Destination
from vizframe.recording.error_sentence import error_sentence
from vizframe.recording.jobs import Job, in_turn, jobs, select_scene
from vizframe.recording.model_view import ModelView
from vizframe.recording.portion import ALL, Caches, Portion
from vizframe.recording.portion_choice import bytes_of, cost_of_units, trial_cost
from vizframe.recording.portions import Portions
from vizframe.recording.probe_choice import given_probe, probe_of_batch, unflattened
from vizframe.recording.unchanged import unchanged_python
from vizframe.recording.work_clock import work_time
from vizframe.wording import count_noun

log = logging.getLogger("vizframe")

A_RUN = 100
"""Recordings of a run for which the bytes are told, where their number is not known."""

LONGEST = 4.0
"""Seconds for which a plugin without portions is run, before the rest of its cost is estimated."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one recording costs: seconds, and bytes of its pictures as they are stored."""

    seconds: float
    bytes: float


@dataclass(frozen=True, slots=True)
class PluginForecast:
    """What a plugin would cost.

    Attributes:
        cost: of the portion that would be recorded.
        whole: of all that the plugin could show.
        left_out: which portion that is, in words; empty for all.
        reason: why it would record nothing, such as for a net without maps; empty otherwise.
    """

    label: str
    cost: Cost
    whole: Cost
    left_out: str = ""
    reason: str = ""


def foretell(
    model: object, batch: Batch, chosen: Config, recordings: int | None = None
) -> list[str]:
    """The forecast for a model that is about to be trained, or was, as lines.

    Args:
        recordings: how many there will be, where that is known.

    Raises:
        VizframeError: the recording itself would be refused.
    """
    adapter = adapter_for(model)
    batch = unflattened(batch, chosen.shape)
    probe = given_probe(chosen, adapter.to_array) or probe_of_batch(batch, chosen)
    view = ModelView(model, adapter, chosen, Destination.of(_nowhere, chosen))
    with adapter.preserve_state(), unchanged_python():
        network, probe = view.network(probe, batch)
        layers = select(network.layers, chosen.layers)
        scene = Scene(network, layers, probe, seed=chosen.seed)
        costs = list(_costs(chosen, scene))
    return [_headline(chosen, scene), *_table(costs, chosen.max_size, recordings or A_RUN)]


def tell_forecast(model: object, batch: Batch, chosen: Config) -> NoReturn:
    """Say what recording would cost, and end the script before its first update."""
    try:
        lines = foretell(model, batch, chosen)
    except Exception as error:  # a script that was to be asked, not run, must not train for hours
        log.warning("nothing can be foretold: %s", error_sentence(error))
        raise ForecastTold(failed=True) from None
    for line in lines:
        log.info("%s", line)
    raise ForecastTold


def _nowhere(*_: object) -> HistoryWriter:
    raise UsageError("a forecast opens no run")


def _costs(chosen: Config, scene: Scene) -> Iterator[PluginForecast]:
    share, found = share_of(chosen.budget), jobs(chosen.plugins, chosen.set)
    portions = Portions.of_config(chosen, found, {})
    caches: Caches = {}
    budget = Budget(share)
    turns = in_turn(found)
    for place, job in enumerate(turns):
        seconds = budget.limit(job.label) / max(1, portions.count_unchosen(turns[place:]))
        try:
            yield _cost(job, select_scene(job, scene), portions, seconds, caches)
        except (VizframeError, PluginError) as error:
            yield PluginForecast(job.label, Cost(0, 0), Cost(0, 0), reason=error_sentence(error))


def _cost(
    job: Job, scene: Scene, portions: Portions, seconds: float, caches: Caches
) -> PluginForecast:
    portion = portions.of(job, scene, seconds, caches)
    shown = portion.of(scene, caches)
    if "units" in job.plugin.grows_with:
        each = cost_of_units(job.plugin, shown if portion.layers is None else scene, work_time)
        whole, part = (_of_units(each, scene, chosen) for chosen in (ALL, portion))
    elif "images" in job.plugin.grows_with:
        one = Portion(images=1).of(scene)
        trial_cost(job.plugin, one, work_time)  # compiles
        each = trial_cost(job.plugin, one, work_time)
        count = len(scene.probe)
        whole, part = (Cost(*(each * n)) for n in (count, min(count, portion.images or count)))
    else:
        whole = part = _run(job.plugin, shown)
    return PluginForecast(job.label, part, whole, portion.describe(scene))


def _of_units(
    each: np.ndarray[tuple[int, int], np.dtype[np.float64]], scene: Scene, chosen: Portion
) -> Cost:
    layers = [layer.name for layer in scene.layers]
    kept = np.array([chosen.layers is None or name in chosen.layers for name in layers])
    units = np.array([layer.units for layer in scene.layers])
    taken = units if chosen.units is None else np.minimum(units, chosen.units)
    seconds, size = (each * taken * kept).sum(axis=1)
    return Cost(float(seconds), float(size))


def _run(plugin: Plugin, scene: Scene) -> Cost:
    """The cost of a plugin without portions, which is run until the rest can be estimated."""
    started, size = work_time(), 0.0
    timed = replace(scene, progress=Deadline(LONGEST, scene.progress))
    try:
        for frame in frames_of(plugin.model_copy(deep=True), timed):
            size += bytes_of(plugin, frame)
    except Stopped as stopped:
        done = (work_time() - started) / stopped.seconds
        return Cost(stopped.seconds, size / max(done, 1e-9))
    return Cost(work_time() - started, size)


def _headline(chosen: Config, scene: Scene) -> str:
    limit = "none" if chosen.max_size is None else f"{chosen.max_size / 1e9:.3g} GB"
    return (
        f"a forecast of {scene.network.name}, {len(scene.layers)} layers and {len(scene.probe)} "
        f"probe images; nothing is recorded (budget {chosen.budget or 'none'}, largest run {limit})"
    )


def _table(costs: Sequence[PluginForecast], max_size: int | None, recordings: int) -> Iterator[str]:
    def numbers(cost: Cost) -> str:
        run = min(recordings * cost.bytes, math.inf if max_size is None else max_size)
        return f"{cost.seconds:10.2f} s {cost.bytes / 1e6:11,.1f} {run / 1e6:11,.0f}"

    wide = max(14, *(len(each.label) for each in costs)) if costs else 14
    yield f"{'plugin':{wide}} {'a recording':>12} {'MB a step':>11} {'MB a run':>11}   of"
    for each in costs:
        yield f"{each.label:{wide}} {numbers(each.cost)}   {_what(each)}"
    whole = Cost(sum(c.cost.seconds for c in costs), sum(c.cost.bytes for c in costs))
    limit = "" if max_size is None else f", the oldest thinned beyond {max_size / 1e9:.3g} GB"
    counted = count_noun(recordings, "recording")
    yield f"{'together':{wide}} {numbers(whole)}   (a run: {counted}{limit})"


def _what(each: PluginForecast) -> str:
    if each.reason:
        return each.reason
    if not each.left_out:
        return "all"
    return f"{each.left_out} (all: {each.whole.seconds:,.0f} s, {each.whole.bytes / 1e6:,.0f} MB)"
