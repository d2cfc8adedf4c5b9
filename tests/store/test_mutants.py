"""Segments damaged at random, read by a process that may die, and may take 30 seconds for each.

500 mutants by default; ``VIZFRAME_MUTANTS=20000 pytest tests/store/test_mutants.py`` for more.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

import vizframe.store
from tests.store.small import SHAPES, assert_whole, damage, declaration, segments, write
from vizframe.errors import HistoryError
from vizframe.store.format.layout import BLOCK
from vizframe.store.write.due import MergePlan

MUTANTS = int(os.environ.get("VIZFRAME_MUTANTS", "500"))
SECONDS = 30

MERGED, VICTIM, LATER = range(4), range(4, 8), range(8, 10)
"""The steps of the run's segments: the second one is damaged."""


def truncate(data: bytearray, dice: random.Random) -> None:
    del data[dice.randrange(len(data)) :]


def flip_a_bit(data: bytearray, dice: random.Random) -> None:
    data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)


def scatter(data: bytearray, dice: random.Random) -> None:
    for _ in range(16):
        data[dice.randrange(len(data))] = dice.randrange(256)


def zero_a_sector(data: bytearray, dice: random.Random) -> None:
    start = dice.randrange(len(data))
    data[start : start + 512] = bytes(len(data[start : start + 512]))


def spoil_the_begin(data: bytearray, dice: random.Random) -> None:
    for _ in range(dice.randrange(1, 9)):
        data[dice.randrange(4096)] = dice.randrange(256)


def spoil_the_metadata(data: bytearray, dice: random.Random) -> None:
    """HDF5's own bytes and the block, so that the copy of the block has to do."""
    data[dice.randrange(BLOCK)] ^= 0xFF
    for _ in range(dice.randrange(1, 4)):
        data[dice.randrange(BLOCK, BLOCK + 1200)] = dice.randrange(256)


def change_a_number(data: bytearray, dice: random.Random) -> None:
    """A digit of the index or the block: sizes and offsets that do not fit."""
    digits = [place for place, byte in enumerate(data[:6000]) if 48 <= byte <= 57]
    data[dice.choice(digits)] = dice.randrange(48, 58)


WAYS: dict[Callable[[bytearray, random.Random], None], int] = {
    truncate: 75,
    flip_a_bit: 125,
    scatter: 75,
    zero_a_sector: 75,
    spoil_the_begin: 50,
    spoil_the_metadata: 50,
    change_a_number: 50,
}
"""How many of 500 are made in which way."""


def look(run: Path) -> None:
    """Read all of a run with one damaged segment; what is given is as it was written."""
    history = vizframe.store.open(run)
    assert set(MERGED) | set(LATER) <= set(history.steps) <= {*MERGED, *VICTIM, *LATER}
    assert_whole(history, [*MERGED, *LATER])
    seen = [step for step in history.steps if step in VICTIM]
    assert seen in ([], list(VICTIM))
    assert seen or history.faults()
    for step in seen:
        for layer in SHAPES:
            damage(history, layer, step)
            key = declaration(layer).key
            assert list(history.notes(key, step)) == [f"{layer} at {step}"]
            try:
                columns = history.columns(key, step)
            except HistoryError:
                continue
            assert all((column == step).all() for column in columns.values())
    for layer in SHAPES:
        history.strip(declaration(layer).key, (1,), history.steps)
    assert history.scalars().values["loss"].tolist() == [1 / (step + 1) for step in history.steps]


def guarded(run: Path, victim: Path, mutants: Iterable[bytes]) -> int:
    """How many mutants a process of its own saw before one killed it, hung it or lied to it.

    One process for many, because a fork of the whole suite costs more than a look at a run.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        sys.settrace(None)  # nobody asks a forked process for its coverage, and it is slow
        try:
            for mutant in mutants:
                signal.alarm(SECONDS)
                victim.write_bytes(mutant)
                look(run)
                os.write(writing, b".")
        except BaseException:
            traceback.print_exc()
        os._exit(0)
    os.close(writing)
    seen = 0
    while said := os.read(reading, 1 << 16):
        seen += len(said)
    os.close(reading)
    os.waitpid(child, 0)
    return seen


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_no_mutant_lies_kills_or_hangs(
    tmp_path: Path, way: Callable[[bytearray, random.Random], None]
) -> None:
    run = tmp_path / "run"
    for steps in (MERGED, VICTIM):
        write(run, steps, merging=MergePlan(steps=4, grace=0))
    write(run, LATER)
    victim = next(path for path in segments(run) if ".t000000000004-" in path.name)
    sound = victim.read_bytes()
    look(run)
    dice = random.Random(way.__name__)

    def mutant() -> bytes:
        data = bytearray(sound)
        way(data, dice)
        return bytes(data)

    count = max(1, WAYS[way] * MUTANTS // 500)
    seen = guarded(run, victim, (mutant() for _ in range(count)))
    assert seen == count, f"mutant {seen} of {way.__name__}"
