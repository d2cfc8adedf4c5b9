"""What the slider is told of: epochs, jumps of the loss, findings, large changes, damage."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from vizframe.history import Catalog, Declaration, Finding, SeriesKey, StepRecord, Tiles
from vizframe.history.memory import MemoryCatalog, MemoryHistory, MemoryRun
from vizframe.plugin.frame import Frame
from vizframe.store import RunCatalog, create
from vizframe.testing.runs import fake_info, fake_probe, fake_run, records
from vizframe.webapp import create_app
from vizframe.webapp.damage import Damage, spread
from vizframe.webapp.events import events
from vizframe.webapp.request import RequestedSeries

MAPS = "kind=activation&layer=conv0"
STEPS = range(0, 400, 10)


def events_of(catalog: Catalog, query: str) -> list[dict[str, object]]:
    client = create_app(catalog, where="the shelf").server.test_client()
    told = client.get(f"/api/v1/events?run=run&{query}")
    assert told.status_code == 200, told.json
    found: list[dict[str, object]] = told.json["events"]
    return found


def made(
    losses: Sequence[float], *, jumps: Sequence[int] = (), findings: Sequence[Finding] = ()
) -> MemoryCatalog:
    """A run whose single layer moves a little with every step, and far where it jumps."""
    declaration = Declaration(
        key=SeriesKey(label="weights", layer="conv0"),
        plugin="weights",
        axes=("unit", "y", "x"),
        tile_shape=(2,),
        picture_shape=(2, 2),
        encoding="float32",
    )
    run, at = MemoryRun(fake_info("run"), fake_probe()), 0.0
    with run.writer() as writer:
        for number, loss in enumerate(losses):
            at += 10.0 if number in jumps else 1.0
            frame = Frame("conv0", np.full((2, 2, 2), at, np.float32))
            writer.commit(
                StepRecord(
                    step=10 * number,
                    frames=[(declaration, frame)],
                    scalars={"loss": loss},
                    epoch=number / 10,
                    findings=findings if number == len(losses) - 1 else (),
                )
            )
    return MemoryCatalog({"run": run})


def of_kind(found: Sequence[dict[str, object]], kind: str) -> list[object]:
    return [each["step"] for each in found if each["kind"] == kind]


FALLING = [float(2.3 * np.exp(-number / 15) + 0.1) for number in range(40)]


def test_complete_epochs_are_told() -> None:
    found = events_of(made(FALLING), "kind=weights&layer=conv0")
    assert of_kind(found, "epoch") == [100, 200, 300]
    assert found[0]["words"] == "epoch 1 was complete"


def test_a_loss_that_jumps_is_told_and_one_that_falls_or_trembles_is_not() -> None:
    shaken = np.random.default_rng(0).normal(0, 0.03, 40)
    trembling = [loss + float(each) for loss, each in zip(FALLING, shaken, strict=True)]
    query = "kind=weights&layer=conv0"
    assert of_kind(events_of(made(FALLING), query), "spike") == []
    assert of_kind(events_of(made(trembling), query), "spike") == []
    jumped = [*trembling[:30], 9.0, *trembling[31:]]
    assert of_kind(events_of(made(jumped), query), "spike") == [300]


def test_a_layer_that_jumps_is_told_and_one_that_moves_evenly_is_not() -> None:
    query = "kind=weights&layer=conv0"
    assert of_kind(events_of(made(FALLING[:20]), query), "change") == []
    found = events_of(made(FALLING[:20], jumps=[7, 15]), query)
    assert of_kind(found, "change") == [70, 150]
    assert "10 times as fast as usual" in str(next(e for e in found if e["kind"] == "change"))


def test_a_finding_is_told_from_when_it_holds() -> None:
    finding = Finding(
        rule="dead", symptom="dead_relu", severity="alarm", since=50, step=90, sentence="It died."
    )
    found = events_of(made(FALLING[:12], findings=[finding]), "kind=weights&layer=conv0")
    assert [each for each in found if each["kind"] == "finding"] == [
        {"step": 50, "last": 50, "kind": "finding", "words": "It died."}
    ]


@pytest.mark.parametrize("losses", [[1.0], [float("nan")] * 6])
def test_a_run_of_one_step_or_without_numbers_has_no_events(losses: list[float]) -> None:
    assert events_of(made(losses), "kind=weights&layer=conv0") == []


def test_steps_whose_file_is_damaged_are_told(tmp_path: Path) -> None:
    with create(tmp_path / "run", fake_info("run"), fake_probe()) as writer:
        for record in records(range(0, 60, 10)):
            writer.commit(record)
    last = max(tmp_path.glob("run/main-*.h5"))
    last.write_bytes(last.read_bytes()[:1000])
    found = events_of(RunCatalog(tmp_path), f"{MAPS}&at=0,*")
    missing = [each for each in found if each["kind"] == "damaged"]
    words = "step 50 is missing: the file is damaged"
    assert missing == [{"step": 50, "last": 50, "kind": "damaged", "words": words}]


def test_damage_is_looked_for_a_little_at_a_time_until_all_was_seen() -> None:
    class Torn(MemoryHistory):
        def tiles(self, key: SeriesKey, step: int, where: Sequence[int] = ()) -> Tiles:
            found = super().tiles(key, step, where)
            return replace(found, missing=found.missing | (step in (30, 70)))

    history = Torn(fake_run())
    asked = RequestedSeries.of(history, {"kind": "weights", "layer": "conv0"})
    count = int(np.prod(asked.declaration.tile_shape))
    damage = Damage()
    torn, unseen = damage.look(asked, seconds=-1)
    assert (torn, unseen) == ({}, len(history.series_steps(asked.declaration.key)))
    torn, unseen = damage.look(asked, seconds=10)
    assert (torn, unseen) == ({30: count, 70: count}, 0)
    words = [each["words"] for each in events(asked, torn) if each["kind"] == "torn"]
    assert words == [f"{count} pictures damaged on disk"] * 2


def test_a_run_that_is_slow_to_read_is_not_looked_at_for_damage() -> None:
    class Slow(MemoryHistory):
        def tiles(self, key: SeriesKey, step: int, where: Sequence[int] = ()) -> Tiles:
            time.sleep(0.04)
            return super().tiles(key, step, where)

    asked = RequestedSeries.of(Slow(fake_run()), {"kind": "weights", "layer": "conv0"})
    damage = Damage()
    assert [damage.look(asked)[1] for _ in range(4)] == [19, 18, 0, 0]


def test_steps_are_looked_at_evenly_and_each_once() -> None:
    found = list(spread(range(1000)))
    assert sorted(found) == list(range(1000))
    assert found[:4] == [0, 64, 128, 192]
