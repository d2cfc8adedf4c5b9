"""Every layout that was ever released is read: the runs in ``layouts/`` are never written again.

python -m tests.store.test_layouts    wrote ``layouts/1``: a merged segment and one of a step,
                                      and in ``1.h5`` the same run compacted
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import vizframe.store
from tests.store.small import segments, write
from tests.store.test_hostile import Index, forge
from vizframe.history import Declaration, Failure, SeriesKey, StepRecord
from vizframe.network.probe import Probe
from vizframe.plugin.frame import Frame
from vizframe.store.format.layout import VERSION
from vizframe.store.write.due import MergePlan
from vizframe.testing.runs import declare, fake_info

LAYOUTS = Path(__file__).parent / "layouts"
SHAPES = {"conv0": (3, 6, 6), "dense": (2, 5)}
STEPS = range(5)


def declaration(layer: str) -> Declaration:
    key = SeriesKey(label="activation", layer=layer)
    if layer == "dense":
        return declare(key, ("unit", "class"), SHAPES[layer], encoding="float16")
    return declare(key, ("unit", "y", "x"), SHAPES[layer], columns={"norm": 0, "curve": 2})


def values(layer: str, step: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    size = int(np.prod(SHAPES[layer]))
    return (np.arange(size, dtype=np.float32) % 7 + step).reshape(SHAPES[layer])


def record(step: int) -> StepRecord:
    frames = []
    for layer, shape in SHAPES.items():
        declared = declaration(layer)
        columns = {
            name: np.full((shape[0], *((length,) if length else ())), step, np.float32)
            for name, length in declared.columns.items()
        }
        notes = (f"{layer} at {step}",)
        frames.append((declared, Frame(layer, values(layer, step), columns=columns, notes=notes)))
    failures = [Failure(step=step, label="saliency", sentence="it broke")] if step == 3 else []
    scalars = {"loss": 1 / (step + 1)}
    return StepRecord(step, frames, scalars, 1000.0 + step, step / 2, failures)


def write_layout(folder: Path) -> None:
    """What only a new layout is written for."""
    probe = Probe(np.linspace(0, 1, 32, dtype=np.float32).reshape(2, 1, 4, 4), np.array([1, 0]))
    run = folder / str(VERSION)
    merging = MergePlan(steps=4, grace=0)
    with vizframe.store.create(run, fake_info("layouts"), probe, merging=merging) as store:
        for step in STEPS:
            store.commit(record(step))
    vizframe.store.compact(run, folder / f"{VERSION}.h5")


@pytest.mark.parametrize("name", sorted(path.name for path in LAYOUTS.iterdir()))
def test_every_layout_that_was_released_is_read(name: str) -> None:
    history = vizframe.store.open(LAYOUTS / name)
    assert not history.faults()
    assert history.info.name == "layouts"
    assert history.probe is not None
    assert history.probe.images.sum() == 16
    assert history.probe.labels is not None
    assert history.probe.labels.tolist() == [1, 0]
    assert list(history.steps) == list(STEPS)
    for layer in SHAPES:
        key = declaration(layer).key
        assert history.declarations[key].axes == declaration(layer).axes
        where = (1,) * len(declaration(layer).tile_shape)
        film = history.strip(key, where, STEPS)
        for step in STEPS:
            tiles = history.tiles(key, step)
            assert not tiles.missing.any()
            np.testing.assert_allclose(tiles.values(), values(layer, step), atol=6 / 255)
            np.testing.assert_array_equal(film.values()[step], tiles.values()[where])
            assert list(history.notes(key, step)) == [f"{layer} at {step}"]
            assert all((each == step).all() for each in history.columns(key, step).values())
    scalars = history.scalars()
    assert scalars.values["loss"].tolist() == [1 / (step + 1) for step in STEPS]
    assert scalars.time.tolist() == [1000.0 + step for step in STEPS]
    assert scalars.epoch.tolist() == [step / 2 for step in STEPS]
    assert [each.sentence for each in history.failures()] == ["it broke"]


def test_there_is_a_run_of_every_layout() -> None:
    names = {path.name for path in LAYOUTS.iterdir()}
    assert names == {name for n in range(1, VERSION + 1) for name in (f"{n}", f"{n}.h5")}


def test_what_a_newer_vizframe_says_within_a_layout_is_passed_over(tmp_path: Path) -> None:
    write(tmp_path, range(3))

    def say_more(index: Index) -> None:
        index["mood"] = "good"
        index["shared"][0]["mood"] = "good"
        index["series"][0]["mood"] = "good"
        index["series"][0]["declaration"]["key"]["mood"] = "good"

    def break_more(notes: Index) -> None:
        failure = {"step": 1, "label": "saliency", "sentence": "it broke", "mood": "bad"}
        notes["failures"] = [failure]

    forge(segments(tmp_path)[1], say_more)
    forge(segments(tmp_path)[1], break_more, part="notes")
    history = vizframe.store.open(tmp_path)
    assert not history.faults()
    assert list(history.steps) == [0, 1, 2]
    assert [each.sentence for each in history.failures()] == ["it broke"]


if __name__ == "__main__":
    write_layout(LAYOUTS)
