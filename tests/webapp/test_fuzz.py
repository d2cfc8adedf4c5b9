"""Runs damaged at random, read by the library and by every address in a child with limits.

Bytes are changed, files swapped, renamed, copied from another run, indexes forged with the right
checksums, names made hostile. 60 runs by default;
``VIZFRAME_FUZZ=10000 VIZFRAME_FUZZ_FIRST=60 pytest tests/webapp/test_fuzz.py`` for half an hour.
"""

from __future__ import annotations

import logging
import os
import random
import resource
import shutil
import signal
import tempfile
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

import vizframe.store
from tests.nursery import Nursery
from tests.store.small import PROBE, SHAPES, damage, declaration, frame, write
from tests.webapp.damaging import FORGERY, STEPS, damage_run, write_a_stranger
from tests.webapp.test_rude import CALLBACK, MENUS, PAGES, body
from vizframe.errors import HistoryError
from vizframe.history import History, SeriesKey
from vizframe.store.write.due import MergePlan
from vizframe.webapp import create_app

RUNS = int(os.environ.get("VIZFRAME_FUZZ", "60"))
FIRST = int(os.environ.get("VIZFRAME_FUZZ_FIRST", "0"))
"""The first seed, to go on from an earlier night."""
BATCH = 30
SECONDS = 60
MEMORY = 256 << 20
"""Bytes that reading one run may add to the process."""

CATALOG = vizframe.store.RunCatalog("nowhere")
CLIENTS: list[FlaskClient] = []


def look_by_library(run: Path, *, forged: bool) -> None:
    """What is given is as it was written, or said; and what is not there is said too."""
    try:
        history = vizframe.store.open(run)
    except HistoryError:
        return
    read_all(history)
    faults = [*history.faults()]
    if forged:
        return
    assert faults or history.probe is None or len(history.probe) == len(PROBE)
    for layer in SHAPES:
        key = declaration(layer).key
        if key not in history.declarations:
            renamed = history.declarations.keys() - {declaration(each).key for each in SHAPES}
            assert history.faults() or renamed, "a series is hidden without a word"
            continue
        known = set(history.series_steps(key))
        assert known >= set(STEPS) or history.faults(), "steps are hidden without a word"
        for step in known & set(STEPS):
            if history.declarations[key] != declaration(layer):
                continue  # a forged declaration is another series under this name
            in_sentences(lambda layer=layer, step=step: look_at(history, layer, step))  # type: ignore[misc]


def look_at(history: History, layer: str, step: int) -> None:
    """What is shown is as it was written, unless a forged index says another shape at this step."""
    tiles = history.tiles(declaration(layer).key, step)
    if tiles.stored.shape == frame(layer, step).values.shape:
        damage(history, layer, step)


def in_sentences(read: Callable[[], object]) -> None:
    """Read something that may be damaged, which is said by an error of the history alone."""
    try:
        read()
    except HistoryError:
        return


def read_all(history: History) -> None:
    """All that a history can be asked."""
    for ask in (history.scalars, history.failures, history.findings, history.refresh):
        in_sentences(ask)
    in_sentences(lambda: history.probe)
    for values in history.scalars().values.values():
        assert len(values) == len(history.scalars().steps)
    for key in list(history.declarations):
        read_series(history, key)


def read_series(history: History, key: SeriesKey) -> None:
    steps = list(history.series_steps(key))
    where = (0,) * len(history.declarations[key].tile_shape)
    for step in steps[:3] + steps[-1:]:
        in_sentences(lambda step=step: history.tiles(key, step))  # type: ignore[misc]
        in_sentences(lambda step=step: history.columns(key, step))  # type: ignore[misc]
        in_sentences(lambda step=step: history.notes(key, step))  # type: ignore[misc]
    in_sentences(lambda: history.strip(key, where, steps[:20]))


def look_by_address() -> None:
    """Every address, and every page that Dash makes."""
    client = CLIENTS[0]
    series = "run=run&kind=activation&layer=conv0"
    routes = [
        "runs",
        *(f"{name}?run=run" for name in ("run", "curves", "result", "probe", "notes")),
    ]
    routes += [f"tiles?{series}&step=5", f"strip?{series}&steps=0,5,9&at=1", f"extent?{series}"]
    routes += [f"columns?{series}&step=5&at=1", f"formed?{series}&at=1", f"events?{series}&at=1"]
    routes += [f"change?{series}&step=5&since=0", f"match?{series}&step=5&with=run&withstep=0"]
    routes += ["texts?run=run", "token?run=run&step=5&text=0&time=0"]
    routes += [f"export?{series}&step=5&as=png"]
    for route in routes:
        answer = client.get(f"/api/v1/{route}")
        assert answer.status_code in (200, 400, 404, 503), (route, answer.status_code)
        assert b"this cannot be shown" not in answer.data[:200], (route, answer.data)
    for output in [*PAGES, MENUS]:
        page = output.partition("-")[0]
        shown = {"page": page, "run": "run", "kind": "activation", "layer": "conv0"}
        answer = client.post(CALLBACK, json=body(output, shown))
        assert answer.status_code in (200, 204), (output, answer.status_code)
        assert b"this cannot be shown" not in answer.data, (output, answer.data)


def look(folder: str, forged: bool) -> None:
    """In a child with limits: what went wrong goes into a file beside the run, or a dot."""
    signal.alarm(SECONDS)
    told = Path(folder, "told")
    try:
        used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
        CATALOG.runs_dir = Path(folder)
        look_by_library(Path(folder, "run"), forged=forged)
        look_by_address()
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10) - used
        assert grown < MEMORY, f"{grown} bytes"
        told.write_text(".")
    except BaseException:
        told.write_text(traceback.format_exc()[-6000:])


def warm() -> None:
    """Make the app, and ask it everything once."""
    log = logging.getLogger("vizframe")
    log.propagate = False
    CLIENTS.append(create_app(CATALOG).server.test_client())
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder, "run"), STEPS)
        CATALOG.runs_dir = Path(folder)
        look_by_library(Path(folder, "run"), forged=False)
        look_by_address()


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    with Nursery(f"{__name__}:look", f"{__name__}:warm") as made:
        yield made


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("batch", range(max(1, RUNS // BATCH)))
def test_no_damage_lies_hides_hangs_or_breaks_the_page(
    tmp_path: Path, nursery: Nursery, batch: int
) -> None:
    sound = tmp_path / "sound"
    write(sound, STEPS, merging=MergePlan(steps=4, grace=0))
    write_a_stranger(tmp_path / "stranger")
    if batch % 2:
        vizframe.store.compact(sound)
    for number in range(BATCH):
        seed = FIRST + batch * BATCH + number
        folder = tmp_path / str(seed)
        shutil.copytree(sound, folder / "run")
        ways = damage_run(folder / "run", random.Random(seed))
        child = nursery.bear(str(folder), any(way in FORGERY for way in ways))
        ended = nursery.bury(child)
        told = (folder / "told").read_text() if (folder / "told").exists() else f"ended by {ended}"
        names = [getattr(way, "__name__", "") for way in ways]
        assert told == ".", f"seed {seed} of batch {batch % 2}, {names}:\n{told}"
        shutil.rmtree(folder)
