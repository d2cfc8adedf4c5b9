"""Runs damaged at random, read by the library and by every address in a child with limits.

Bytes are changed, files swapped, renamed, copied from another run, indexes forged with the right
checksums, names made hostile. 40 runs by default;
``VIZFRAME_FUZZ=10000 VIZFRAME_FUZZ_FIRST=40 pytest tests/webapp/test_fuzz.py`` for hours.
"""

from __future__ import annotations

import json
import os
import random
import resource
import shutil
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import vizframe.store
from tests.store.small import INFO, PROBE, SHAPES, damage, declaration, record, segments, write
from tests.store.test_hostile import forge
from vizframe.errors import HistoryError, VizframeError
from vizframe.store.write.due import MergePlan
from vizframe.webapp import create_app

RUNS = int(os.environ.get("VIZFRAME_FUZZ", "40"))
FIRST = int(os.environ.get("VIZFRAME_FUZZ_FIRST", "0"))
"""The first seed, to go on from an earlier night."""
BATCH = 20
SECONDS = 60
MEMORY = 256 << 20
"""Bytes that reading one run may add to the process."""

STEPS = range(10)
ODD: list[Any] = [None, -1, 0, 1, 2**31, 2**62, 1e300, float("nan"), "", "x", "../..", [], {}, [1]]


def change_bytes(run: Path, dice: random.Random) -> None:
    victim = dice.choice([path for path in run.iterdir() if path.is_file()])
    data = bytearray(victim.read_bytes())
    for _ in range(dice.choice([1, 4, 64])):
        data[dice.randrange(len(data))] = dice.randrange(256)
    victim.write_bytes(data[: dice.choice([len(data), dice.randrange(len(data))])])


def swap_files(run: Path, dice: random.Random) -> None:
    one, two = dice.sample([path for path in run.iterdir() if path.is_file()], 2)
    first, second = one.read_bytes(), two.read_bytes()
    one.write_bytes(second)
    two.write_bytes(first)


def regular(run: Path) -> list[Path]:
    """The segments that are files: another way may have made a folder of that name, or a FIFO."""
    found = [path for path in segments(run) if path.is_file()]
    if not found:
        raise ValueError("nothing is left to damage")
    return found


def rename_a_segment(run: Path, dice: random.Random) -> None:
    victim = dice.choice(regular(run))
    name = list(victim.name)
    digits = [place for place, each in enumerate(name) if each in "0123456789abcdef"]
    for _ in range(dice.choice([1, 3])):
        name[dice.choice(digits)] = dice.choice("0123456789")
    victim.rename(run / "".join(name))


def copy_a_stranger(run: Path, dice: random.Random) -> None:
    other = run.parent / "other"
    if not other.exists():
        info = INFO.model_copy(update={"id": "another"})
        with vizframe.store.create(other, info, PROBE, merging=MergePlan(steps=4)) as store:
            for step in STEPS:
                store.commit(record(step))
    shutil.copy(dice.choice(segments(other)), run)


def forge_an_index(run: Path, dice: random.Random) -> None:
    """Put something odd somewhere in an index whose checksum is right."""

    def change(said: Any) -> None:
        place = said
        while isinstance(place, (dict, list)) and place:
            keys = list(place) if isinstance(place, dict) else list(range(len(place)))
            key = dice.choice(keys)
            if not isinstance(place[key], (dict, list)) or not place[key] or dice.random() < 0.3:
                place[key] = dice.choice(ODD)
                return
            place = place[key]

    forge(dice.choice(regular(run)), change)


def make_a_hostile_name(run: Path, dice: random.Random) -> None:
    name = dice.choice(["<script>.h5", "a\nb.h5", "\x1b[2J.h5", "x" * 200 + ".h5", ".h5", "'\".h5"])
    target = run / name
    makers: list[Callable[[], None]] = [target.mkdir, target.touch, lambda: os.mkfifo(target)]
    dice.choice(makers)()


def write_odd_json(run: Path, dice: random.Random) -> None:
    path = run / "run.json"
    said = json.loads(path.read_text())
    said[dice.choice(list(said))] = dice.choice(ODD)
    path.write_text(json.dumps(said))


WAYS = [
    change_bytes,
    swap_files,
    rename_a_segment,
    copy_a_stranger,
    forge_an_index,
    forge_an_index,
    make_a_hostile_name,
    write_odd_json,
]


def look_by_library(run: Path) -> None:
    """What is given is as it was written, or said; and what is not there is said too."""
    try:
        history = vizframe.store.open(run)
    except HistoryError:
        return
    faults = [*history.faults()]
    assert faults or history.probe is None or len(history.probe) == len(PROBE)
    for layer in SHAPES:
        key = declaration(layer).key
        if key not in history.declarations:
            assert history.faults(), "a series is hidden without a word"
            continue
        known = set(history.series_steps(key))
        assert known >= set(STEPS) or history.faults(), "steps are hidden without a word"
        for step in known & set(STEPS):
            if history.declarations[key] != declaration(layer):
                continue  # a forged declaration is another series under this name
            try:
                damage(history, layer, step)
            except HistoryError:
                continue


def look_by_address(folder: Path) -> None:
    client = create_app(vizframe.store.RunCatalog(folder)).server.test_client()
    series = "run=run&kind=activation&layer=conv0"
    routes = ["runs", "run?run=run", "curves?run=run", "result?run=run", "probe?run=run"]
    routes += [f"tiles?{series}&step=5", f"strip?{series}&steps=0,5,9&at=1", f"extent?{series}"]
    routes += [
        f"columns?{series}&step=5&at=1",
        f"formed?{series}",
        f"change?{series}&step=5&since=0",
    ]
    for route in routes:
        answer = client.get(f"/api/v1/{route}")
        assert answer.status_code in (200, 400, 404, 503), (route, answer.status_code)


def in_limits(work: Callable[[], None]) -> str:
    """Do it in a child; what went wrong, or nothing."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        sys.settrace(None)
        try:
            signal.alarm(SECONDS)
            used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
            work()
            grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10) - used
            assert grown < MEMORY, f"{grown} bytes"
            os.write(writing, b".")
        except BaseException:
            os.write(writing, traceback.format_exc().encode()[-4000:])
        os._exit(0)
    os.close(writing)
    heard = b""
    while data := os.read(reading, 1 << 16):
        heard += data
    os.close(reading)
    os.waitpid(child, 0)
    return "" if heard == b"." else heard.decode() or "it died or hung"


@pytest.mark.parametrize("batch", range(max(1, RUNS // BATCH)))
def test_no_damage_lies_hides_hangs_or_breaks_the_page(tmp_path: Path, batch: int) -> None:
    sound = tmp_path / "sound"
    write(sound, STEPS, merging=MergePlan(steps=4, grace=0))
    if batch % 2:
        vizframe.store.compact(sound)
    for number in range(BATCH):
        seed = FIRST + batch * BATCH + number
        dice = random.Random(seed)
        folder = tmp_path / str(seed)
        shutil.copytree(sound, folder / "run")
        ways = [dice.choice(WAYS) for _ in range(dice.choice([1, 1, 2, 3]))]
        for way in ways:
            # What was damaged before may be past forging.
            with suppress(HistoryError, KeyError, ValueError):
                way(folder / "run", dice)

        def work(folder: Path = folder) -> None:
            look_by_library(folder / "run")
            look_by_address(folder)
            try:
                vizframe.store.RunCatalog(folder).runs()
            except VizframeError:
                return

        told = in_limits(work)
        assert not told, f"seed {seed}, {[way.__name__ for way in ways]}:\n{told}"
        shutil.rmtree(folder)
