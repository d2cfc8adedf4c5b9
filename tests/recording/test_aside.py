"""Frames that wait on the disk for their step are those that would have waited in memory."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

import vizframe.store
from vizframe.errors import Inapplicable, PluginError
from vizframe.history import Failure, SeriesKey, StepRecord
from vizframe.history.aside import IN_MEMORY
from vizframe.plugin import Growth, Plugin, Scene
from vizframe.plugin.frame import Frame, Picture
from vizframe.plugins.activation import Activation
from vizframe.plugins.weights import Weights
from vizframe.recording.deadline import Stopped
from vizframe.recording.jobs import Job
from vizframe.recording.portion_choice import Means, choose
from vizframe.recording.portions import Portions
from vizframe.recording.step_frames import StepFrames, make_frames
from vizframe.store.write import spool
from vizframe.store.write.disk import Disk
from vizframe.store.write.spool import Spool, SpooledFrame
from vizframe.testing.networks import ordinary
from vizframe.testing.plugin import scene_of
from vizframe.testing.runs import fake_info


def broken(scene: Scene) -> Iterator[Frame]:
    raise ValueError("half way")


def stopped(scene: Scene) -> Iterator[Frame]:
    raise Stopped(99.0)


def inapplicable(scene: Scene) -> Iterator[Frame]:
    raise Inapplicable("not for this network")


def refused(scene: Scene) -> Iterator[Frame]:
    yield Frame(scene.layers[0].name, np.zeros((999, 4, 4), np.float32))


def twice(scene: Scene) -> Iterator[Frame]:
    yield Frame(scene.spatial_layers()[0].name, np.zeros((1, 4, 4), np.float32))


def healthy(scene: Scene) -> Iterator[Frame]:
    return iter(())


def half(then: Callable[[Scene], Iterator[Frame]]) -> Plugin:
    """A plugin that makes all frames, and then something else."""

    class Half(Plugin):
        """Half of it."""

        name: ClassVar[str] = "half"
        makes: ClassVar = (Picture(axes=("unit", "y", "x"), help="Maps.", columns={"a": "A."}),)

        def visualize(self, scene: Scene) -> Iterator[Frame]:
            for layer in scene.spatial_layers():
                values = np.full((layer.units, 9, 9), len(layer.name), np.float32)
                values[0, 0, 0] = np.nan
                yield Frame(layer.name, values, columns={"a": np.ones(layer.units, np.float32)})
            yield from then(scene)

    return Half()


def committed(folder: Path, made: StepFrames) -> vizframe.History:
    with vizframe.store.create(folder, fake_info("aside")) as writer:
        record = StepRecord(step=0, frames=made.frames, failures=made.failures)
        writer.commit(record)
    return vizframe.store.open(folder)


def told(history: vizframe.History) -> tuple[dict[SeriesKey, list[object]], Sequence[Failure]]:
    found: dict[SeriesKey, list[object]] = {}
    for key in history.declarations:
        tiles, columns = history.tiles(key, 0), history.columns(key, 0)
        found[key] = [
            *(each.tobytes() for each in (tiles.stored, tiles.low, tiles.high, tiles.nonfinite)),
            *((name, each.tobytes()) for name, each in columns.items()),
            *history.notes(key, 0),
        ]
    return found, history.failures()


@pytest.mark.parametrize(
    ("then", "frames", "failures"),
    [
        (healthy, True, 0),
        (broken, True, 1),
        (stopped, False, 0),
        (inapplicable, False, 0),
        (refused, True, 1),
        (twice, True, 1),
    ],
)
def test_of_a_plugin_that_ends_half_way_the_same_is_kept(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    then: Callable[[Scene], Iterator[Frame]],
    frames: bool,
    failures: int,
) -> None:
    monkeypatch.setattr(spool, "HELD", 0)

    def jobs() -> list[Job]:
        broken = Job("half", half(then), is_usual=True)
        return [Job("activation", Activation()), broken, Job("weights", Weights())]

    disk = vizframe.store.create(tmp_path / "disk", fake_info("aside"))
    in_memory = make_frames(jobs(), scene_of(ordinary()))
    aside = make_frames(jobs(), scene_of(ordinary()), aside=disk.aside())
    disk.close()
    assert not any(isinstance(frame, SpooledFrame) for _, frame in in_memory.frames)
    assert all(isinstance(frame, SpooledFrame) for _, frame in aside.frames)
    own = [declared for declared, _ in aside.frames if declared.key.label == "half"]
    spatial = len(scene_of(ordinary()).spatial_layers())
    assert len(own) == (spatial if frames else 0)
    assert len(aside.failures) == failures
    assert aside.seconds.keys() == in_memory.seconds.keys()
    assert aside.stopped == in_memory.stopped
    one, two = (
        told(committed(tmp_path / name, each))
        for name, each in (("memory", in_memory), ("disk", aside))
    )
    assert one == two


def test_a_strict_recording_raises_what_breaks_half_way(tmp_path: Path) -> None:
    room = vizframe.store.create(tmp_path, fake_info("aside")).aside()
    with pytest.raises(PluginError, match="half way"):
        make_frames([Job("half", half(broken))], scene_of(ordinary()), strict=True, aside=room)


class OneByOne(Plugin):
    """As dear as can be, so that choosing its portion makes its pictures."""

    name: ClassVar[str] = "one_by_one"
    grows_with: ClassVar[tuple[Growth, ...]] = ("units",)
    makes: ClassVar = (Picture(axes=("unit", "y", "x"), help="Maps."),)

    def visualize(self, scene: Scene) -> Iterator[Frame]:
        for layer in scene.spatial_layers():
            count = layer.units if scene.units is None else min(scene.units, layer.units)
            yield Frame(layer.name, np.full((count, 5, 5), layer.units, np.float32))


def test_what_choosing_a_portion_has_made_is_recorded_from_where_it_waited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool, "HELD", 0)
    writer = vizframe.store.create(tmp_path, fake_info("aside"))
    times = iter(range(10**6))
    choice = choose(
        OneByOne(),
        scene_of(ordinary()),
        Means(seconds=1.0),
        lambda: float(next(times)),
        writer.aside(),
    )
    (frame,) = list(choice.frames or ())
    assert (frame.values == 4).all()
    every = [
        make_frames(
            [Job("one_by_one", OneByOne())],
            scene_of(ordinary()),
            portions=Portions(),
            limit=lambda _label: 1e-9,
            aside=room,
        )
        for room in (IN_MEMORY, writer.aside())
    ]
    writer.close()
    one, two = (told(committed(tmp_path / str(number), each)) for number, each in enumerate(every))
    assert one[0]
    assert one == two


def test_while_a_plugin_makes_a_frame_those_before_it_are_gone(tmp_path: Path) -> None:
    alive: list[int] = []

    class Array(np.ndarray):  # type: ignore[type-arg]  # of any numbers
        """An array that can be referred to weakly."""

    references: set[object] = set()

    class Counting(Plugin):
        """Counts."""

        name: ClassVar[str] = "counting"
        makes: ClassVar = (Picture(axes=("unit", "y", "x"), help="Maps."),)

        def visualize(self, scene: Scene) -> Iterator[Frame]:
            for layer in scene.spatial_layers():
                alive.append(len(references))
                values = np.zeros((layer.units, 40, 40), np.float32).view(Array)
                references.add(weakref.finalize(values, references.clear))
                yield Frame(layer.name, values)
                del values

    make_frames([Job("counting", Counting())], scene_of(ordinary()), aside=Spool(Disk(), tmp_path))
    assert len(alive) > 1
    assert not any(alive)
