"""Ways to damage a run, or to forge it with the right checksums, by the throw of a dice."""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Callable
from contextlib import suppress
from copy import deepcopy
from pathlib import Path
from typing import Any
from zlib import crc32

import vizframe.store
from tests.store.small import INFO, PROBE, record, segments
from tests.store.test_hostile import forge
from vizframe.errors import HistoryError
from vizframe.store.format.layout import BLOCK, Block
from vizframe.store.write.due import MergePlan

STEPS = range(10)
ODD: list[Any] = [None, -1, 0, 1, 2**31, 2**62, 1e300, float("nan"), "", "x", "../..", [], {}, [1]]
ODD += ["9" * 5000, {"a": 1}, True, "\ud800", "<script>"]
NAMES = ["<script>.h5", "a\nb.h5", "\x1b[2J.h5", "x" * 200 + ".h5", ".h5", "'\".h5", ".claim-main"]
NAMES += ["notes.json", ".claim-\u202e", "\udcff.h5", "run.json.h5"]
TABLES = ("steps", "scalars", "rows")

Way = Callable[[Path, random.Random], object]


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


def write_a_stranger(run: Path) -> None:
    """Another run, of other pictures than the damaged one only by its id."""
    info = INFO.model_copy(update={"id": "another"})
    plan = MergePlan(steps=4, grace=0)
    with vizframe.store.create(run, info, PROBE, merging=plan) as store:
        for step in STEPS:
            store.commit(record(step))


def copy_a_stranger(run: Path, dice: random.Random) -> None:
    shutil.copy(dice.choice(segments(run.parent.parent / "stranger")), run)


def put_something_odd(said: Any, dice: random.Random) -> None:
    """Somewhere in what a JSON says."""
    place = said
    while isinstance(place, (dict, list)) and place:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = dice.choice(keys)
        if not isinstance(place[key], (dict, list)) or not place[key] or dice.random() < 0.3:
            place[key] = deepcopy(dice.choice(ODD))
            return
        place = place[key]


def forge_an_index(run: Path, dice: random.Random) -> None:
    """Put something odd somewhere in an index whose checksum is right."""
    forge(dice.choice(regular(run)), lambda said: put_something_odd(said, dice))


def forge_notes(run: Path, dice: random.Random) -> None:
    curve = {"name": "loss", "steps": [1, 2], "values": [1.0, None]}
    finding = {"rule": "x", "symptom": "nan", "severity": "alarm", "since": 0, "step": 1}
    finding |= {"sentence": "y", "layers": ["conv0"], "units": {"conv0": [1]}, "curve": curve}
    failure = {"step": 1, "label": "x", "sentence": "y"}

    def change(said: Any) -> None:
        said |= {"findings": [finding], "failures": [failure]}
        for _ in range(dice.choice([0, 1, 2])):
            put_something_odd(said, dice)

    forge(dice.choice(regular(run)), change, part="notes")


def probe_file(run: Path) -> Path:
    """The probe's file, unless a folder or a FIFO is in its place by now."""
    found = run / "probe.h5"
    if not found.is_file():
        raise ValueError("the probe's file is gone")
    return found


def forge_a_probe(run: Path, dice: random.Random) -> None:
    forge(probe_file(run), lambda said: put_something_odd(said, dice), part="about")


def forge_a_table(run: Path, dice: random.Random) -> None:
    """Other bytes in the steps, the rows or the numbers, whose checksum is right."""
    victim = dice.choice([*regular(run), probe_file(run)])
    data = bytearray(victim.read_bytes())
    block = Block.unpack(bytes(data[:BLOCK]))
    tables = [name for name in (*TABLES, "shape", "labels", "images") if name in block.parts]
    name = dice.choice([each for each in tables if block.parts[each].size])
    extent = block.parts[name]
    for _ in range(dice.choice([1, 3])):
        at = extent.offset + dice.randrange(extent.size)
        number = dice.choice(
            [b"\xff" * 8, bytes(8), b"\x01", bytes([dice.randrange(256)]), b"\x7f"]
        )
        number = number[: extent.end - at]
        data[at : at + len(number)] = number
    parts = {**block.parts, name: extent._replace(crc32=crc32(data[extent.offset : extent.end]))}
    data[:BLOCK] = Block(block.size, parts).pack()
    victim.write_bytes(data)


def make_a_hostile_name(run: Path, dice: random.Random) -> None:
    target = run / dice.choice(NAMES)
    makers: list[Callable[[], None]] = [target.mkdir, target.touch, lambda: os.mkfifo(target)]
    makers.append(lambda: target.symlink_to("/etc/passwd"))
    dice.choice(makers)()


def replace_a_file(run: Path, dice: random.Random) -> None:
    """A folder, a FIFO, or a link into nowhere or to itself in the place of a file."""
    victim = dice.choice([path for path in run.iterdir() if path.is_file()])
    victim.unlink()
    makers: list[Callable[[], None]] = [victim.mkdir, lambda: os.mkfifo(victim)]
    makers += [lambda: victim.symlink_to("/dev/zero"), lambda: victim.symlink_to(victim.name)]
    dice.choice(makers)()


def write_odd_json(run: Path, dice: random.Random) -> None:
    path = run / "run.json"
    if not path.is_file():
        raise ValueError("a folder or a FIFO is in its place")
    said = json.loads(path.read_text())
    for _ in range(dice.choice([1, 3])):
        put_something_odd(said, dice)
    path.write_text(json.dumps(said))


def write_odd_notes(run: Path, dice: random.Random) -> None:
    said: Any = {"run": INFO.id, "notes": [{"step": 1, "text": "x", "star": True}], "version": 1}
    put_something_odd(said, dice)
    notes = run.with_name("run.notes.json")
    notes.write_text(dice.choice([json.dumps(said), "{", "[" * 9999, "null", '{"a":' * 3000]))


DAMAGE: list[Way] = [
    change_bytes,
    swap_files,
    rename_a_segment,
    copy_a_stranger,
    forge_an_index,
    forge_an_index,
    make_a_hostile_name,
    replace_a_file,
    write_odd_json,
    write_odd_notes,
]
"""After these nothing is silently wrong, and nothing is hidden without a word."""

FORGERY: list[Way] = [forge_notes, forge_a_probe, forge_a_table, forge_a_table]
"""After these anything may be shown: a checksum finds damage, not forgery."""


def damage_run(run: Path, dice: random.Random) -> list[Way]:
    """Damage it in one to three ways; these."""
    known = DAMAGE if dice.random() < 0.75 else DAMAGE + FORGERY * 2
    ways = [dice.choice(known) for _ in range(dice.choice([1, 1, 2, 3]))]
    for way in ways:
        # What was damaged before may be past forging.
        with suppress(HistoryError, KeyError, ValueError, OSError, IndexError):
            way(run, dice)
    return ways
