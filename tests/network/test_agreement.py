"""The store in memory and the one in HDF5 tell the same of whatever was committed to both."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from vizframe import store
from vizframe.errors import VizframeError
from vizframe.history import Declaration, Failure, History, SeriesKey, StepRecord
from vizframe.history.memory import MemoryRun
from vizframe.plugin.frame import Encoding, Frame
from vizframe.testing.runs import declare, fake_info, fake_probe

KEYS = tuple(
    SeriesKey(label=label, layer=layer, part=part)
    for label, part in (("activation", ""), ("ascent", "mask"))
    for layer in ("conv0", "a/b")
)
ENCODINGS: tuple[Encoding, ...] = ("uint8", "float16", "float32")


@dataclass(frozen=True)
class Commit:
    """One step of a session."""

    skip: int
    keys: frozenset[int]
    units: int
    encoding: Encoding
    scalars: frozenset[str]
    failing: bool


@dataclass(frozen=True)
class Session:
    """A writer's life: its name, where it starts, and what it commits."""

    writer: str
    start: int
    commits: Sequence[Commit]


commits = st.builds(
    Commit,
    skip=st.integers(1, 3),
    keys=st.frozensets(st.integers(0, len(KEYS) - 1)),
    units=st.integers(1, 3),
    encoding=st.sampled_from(ENCODINGS),
    scalars=st.frozensets(st.sampled_from(["loss", "accuracy"])),
    failing=st.booleans(),
)
sessions = st.builds(
    Session,
    writer=st.sampled_from(["main", "rank1"]),
    start=st.integers(0, 12),
    commits=st.lists(commits, max_size=5),
)


def records(session: Session, seed: int) -> Sequence[StepRecord]:
    """What the session commits; no two sessions commit the same values."""
    made, step = [], session.start
    for number, commit in enumerate(session.commits):
        frames = [_frame(key, commit, 100 * seed + number) for key in sorted(commit.keys)]
        failure = Failure(step=step, label="x", sentence=f"{seed}.{number}")
        made.append(
            StepRecord(
                step=step,
                frames=frames,
                scalars={name: float(seed + number) for name in sorted(commit.scalars)},
                time=1e6 + 1000 * seed + number,
                epoch=step / 10 if commit.failing else None,
                failures=[failure] if commit.failing else [],
            )
        )
        step += commit.skip
    return made


def _frame(key: int, commit: Commit, seed: int) -> tuple[Declaration, Frame]:
    shape = (commit.units, 2, 3)
    declared = declare(
        KEYS[key], ("unit", "y", "x"), shape, encoding=commit.encoding, columns={"objective": 0}
    )
    generator = np.random.default_rng(seed)
    values = generator.standard_normal(shape, np.float32)
    column = generator.standard_normal(commit.units, np.float32)
    notes = (f"note {seed}",) if seed % 2 else ()
    return declared, Frame(KEYS[key].layer, values, KEYS[key].part, {"objective": column}, notes)


def read_all(history: History) -> list[object]:
    """Everything a history tells, comparable. Series that appear at one step have no order."""
    scalars = history.scalars()
    found: list[object] = [
        list(history.steps),
        dict(history.declarations),
        [each.model_dump() for each in history.failures()],
        {name: values.tobytes() for name, values in sorted(scalars.values.items())},
        (scalars.steps.tolist(), scalars.time.tolist(), scalars.epoch.tobytes()),
        list(history.faults()),
    ]
    for key in sorted(history.declarations, key=str):
        declared = history.declarations[key]
        steps = list(history.series_steps(key))
        found.append((key, steps))
        for step in steps:
            tiles = history.tiles(key, step)
            found.append([getattr(tiles, name).tobytes() for name in tiles.__slots__])
            found.append(history.columns(key, step)["objective"].tobytes())
            found.append(tuple(history.notes(key, step)))
        for unit in range(declared.tile_shape[0]):
            strip = history.strip(key, (unit,), steps)
            found.append([getattr(strip, name).tobytes() for name in strip.__slots__])
    return found


def _commit(skip: int, *keys: int, units: int = 3, encoding: Encoding = "float16") -> Commit:
    return Commit(skip, frozenset(keys), units, encoding, frozenset(), failing=False)


TWO_SHAPES_AT_ONE_STEP = [
    Session("main", 8, [_commit(3, 0), _commit(1, 0, units=1, encoding="uint8")]),
    Session("rank1", 0, [_commit(2), _commit(3), _commit(3), _commit(3), _commit(1, 0)]),
]
"""Which declaration counts is the later session's, in a compacted run too."""


@settings(deadline=None, max_examples=25)
@given(st.lists(sessions, max_size=4))
@example(TWO_SHAPES_AT_ONE_STEP)
def test_both_stores_tell_the_same(tmp_path_factory: object, lives: list[Session]) -> None:
    """Sessions one after the other: resumed later, resumed earlier, of two writers."""
    folder = Path(tmp_path_factory.mktemp("agreement"))  # type: ignore[attr-defined]  # pytest's
    memory = MemoryRun(fake_info(), fake_probe())
    store.create(folder, memory.info, memory.probe).close()
    live = store.open(folder)
    for number, session in enumerate(lives):
        with (
            memory.writer(session.writer) as one,
            store.create(folder, memory.info, writer=session.writer) as two,
        ):
            for record in records(session, number):
                one.commit(record)
                two.commit(record)
        live.refresh()
        assert read_all(live) == read_all(memory.history())
    assert read_all(store.open(folder)) == read_all(memory.history())
    if memory.history().steps:
        store.compact(folder, folder / "one.h5")
        assert read_all(store.open(folder / "one.h5")) == read_all(memory.history())
    shutil.rmtree(folder)


@given(st.text(max_size=5), st.integers(-5, 40), st.lists(st.integers(-2, 4), max_size=4))
def test_both_stores_refuse_the_same(
    tmp_path_factory: object, layer: str, step: int, where: list[int]
) -> None:
    """Questions at random: the same answer, or the same sentence."""
    histories = _pair(tmp_path_factory)
    key = SeriesKey(label="activation", layer=layer if step % 2 else "conv0")
    answers = [_answers(history, key, step, where) for history in histories]
    assert answers[0] == answers[1]


def _answers(history: History, key: SeriesKey, step: int, where: Sequence[int]) -> list[object]:
    found: list[object] = []
    for ask in (
        lambda: history.tiles(key, step, where).values().tobytes(),
        lambda: history.strip(key, where, [step]).values().tobytes(),
        lambda: list(history.notes(key, step)),
        lambda: history.columns(key, step)["objective"].tobytes(),
        lambda: list(history.series_steps(key)),
    ):
        try:
            found.append(ask())
        except VizframeError as refused:
            found.append((type(refused), str(refused)))
    return found


_pairs: list[tuple[History, History]] = []


def _pair(factory: object) -> tuple[History, History]:
    """One run in both stores, made once."""
    if not _pairs:
        folder = Path(factory.mktemp("pair"))  # type: ignore[attr-defined]  # pytest's
        memory = MemoryRun(fake_info())
        session = Session("main", 0, [Commit(3, frozenset({0, 1}), 3, "uint8", frozenset(), False)])
        with memory.writer() as one, store.create(folder, memory.info) as two:
            for record in records(session, 1):
                one.commit(record)
                two.commit(record)
        _pairs.append((memory.history(), store.open(folder)))
    return _pairs[0]
