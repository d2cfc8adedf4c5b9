"""What a plugin is shown of a network that is dearer than its budget."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import ClassVar

import numpy as np
import pytest
from pydantic import PrivateAttr

from vizframe.errors import UsageError
from vizframe.network import FloatArray
from vizframe.network.kinds import Kind
from vizframe.network.layer import Layer
from vizframe.plugin import Frame, Growth, Picture, Plugin, Scene
from vizframe.plugins.activation import Activation
from vizframe.plugins.deconvolution import Deconvolution
from vizframe.plugins.saliency import Saliency
from vizframe.recording.declare import declaration
from vizframe.recording.jobs import Job
from vizframe.recording.portion import ALL, Portion, portion_of
from vizframe.recording.portion_choice import Means, affordable, choose, cost_of_units
from vizframe.recording.portions import Portions, units_of
from vizframe.recording.step_frames import make_frames
from vizframe.testing.networks import ordinary, probe_for
from vizframe.testing.plugin import scene_of


class Clock:
    """A clock that the plugin moves."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


CLOCK = Clock()


class Dear(Plugin):
    """A second for each layer, and two for each unit, four where the layer is the deepest."""

    name: ClassVar[str] = "dear"
    grows_with: ClassVar[tuple[Growth, ...]] = ("units",)
    makes: ClassVar = (Picture(axes=("unit", "y", "x"), help="Nothing."),)

    def visualize(self, scene: Scene) -> Iterator[Frame]:
        for layer in scene.spatial_layers():
            count = layer.units if scene.units is None else min(scene.units, layer.units)
            CLOCK.now += 1 + 2 * count
            yield Frame(layer.name, np.zeros((count, 5, 5), np.float32))


class Images(Plugin):
    """Three seconds for each image."""

    name: ClassVar[str] = "images"
    grows_with: ClassVar[tuple[Growth, ...]] = ("images",)
    makes: ClassVar = (Picture(axes=("probe", "y", "x"), help="Nothing."),)

    def visualize(self, scene: Scene) -> Iterator[Frame]:
        CLOCK.now += 3 * len(scene.probe)
        yield Frame(scene.layers[0].name, np.zeros((len(scene.probe), 10, 10), np.float32))


def spatial(units: int = 8) -> Scene:
    scene = scene_of(ordinary(units=units))
    return Scene(scene.network, scene.spatial_layers(), scene.probe)


def units_by_layer(scene: Scene) -> dict[str, int]:
    return {layer.name: layer.units for layer in scene.network.layers}


def test_without_limits_all_is_shown_and_nothing_is_tried() -> None:
    before = CLOCK.now
    assert choose(Dear(), spatial(), Means(), CLOCK).portion is ALL
    assert before == CLOCK.now


@pytest.mark.parametrize("seconds", [100, 150, 200, 1000])
def test_as_many_units_of_every_layer_are_chosen_as_are_paid(seconds: float) -> None:
    scene, before = spatial(), CLOCK.now
    portion = choose(Dear(), scene, Means(seconds), CLOCK).portion
    for _frame in Dear().visualize(portion.of(scene)):
        pass
    assert portion.layers is None
    assert CLOCK.now - before <= seconds
    if portion.units is not None and portion.units < 16:
        assert CLOCK.now - before >= 0.4 * seconds


def flat(kinds: Sequence[Kind]) -> Scene:
    """A scene of maps of these kinds, whose layers cost 3 s a unit."""
    base = spatial()
    layers = tuple(replace(base.layers[0], kind=kind) for kind in kinds)
    named = tuple(replace(each, name=f"{n}") for n, each in enumerate(layers))
    cache = {each.name: np.zeros((1, 8, 2, 2), np.float32) for each in named}
    return Scene(base.network, named, base.probe, cache=cache)


CONVOLUTIONS: tuple[Kind, ...] = ("convolution",) * 8


@pytest.mark.parametrize(
    ("seconds", "names"),
    [
        (0.0, {"0"}),
        (15.0, {"0", "8"}),  # half of it, and less, is the trial's
        (28.0, {"0", "4", "8", "9"}),  # one of each kind before a second of any
        (40.0, {"0", "1", "2", "4", "6", "8", "9"}),
    ],
)
def test_too_little_for_a_unit_of_each_layer_is_spread_over_kinds_and_layers(
    seconds: float, names: set[str]
) -> None:
    scene, before = flat((*CONVOLUTIONS, "transposed convolution", "dense")), CLOCK.now
    choice = choose(Dear(), scene, Means(seconds), CLOCK)
    assert choice.portion.units == 1
    assert choice.portion.layers == frozenset(names)
    assert [each.layer for each in choice.frames or ()] == sorted(names)
    assert CLOCK.now - before <= max(seconds, 6.0)


def test_bytes_end_what_is_made_of_one_layer_after_the_other() -> None:
    choice = choose(Dear(), flat(CONVOLUTIONS), Means(1e9, bytes=60), CLOCK)
    assert choice.portion == Portion(units=1, layers=frozenset("07"))


def test_a_plugin_that_looks_back_makes_its_first_pictures_itself() -> None:
    class Looking(Dear):
        _last: int = PrivateAttr(0)

    choice = choose(Looking(), flat(CONVOLUTIONS), Means(20.0), CLOCK)
    assert choice.portion.layers
    assert choice.frames is None


def test_what_a_choice_has_made_is_recorded_and_not_made_again() -> None:
    scene, before = flat(CONVOLUTIONS), CLOCK.now
    portions = Portions()
    job = Job("dear", Dear())
    portion = portions.of(job, scene, 1e-6)
    assert portion == Portion(units=1, layers=frozenset("0"))
    assert [each.layer for each in portions.made("dear") or ()] == ["0"]
    assert portions.made("dear") is None
    spent = CLOCK.now - before
    assert portions.of(job, scene, 1e-6) == portion
    assert CLOCK.now - before == spent


def test_a_trial_tries_no_further_layer_once_half_the_time_is_gone() -> None:
    scene, before = spatial(), CLOCK.now
    each = cost_of_units(Dear(), scene, CLOCK, seconds=0.5)
    assert CLOCK.now - before == 3  # the first layer alone
    assert (each[0] == 3).all()


def test_bytes_bound_the_units_too() -> None:
    layers = [Layer(str(n), "Convolution", (64, 4, 4), 64) for n in range(10)]
    each = np.stack([np.ones(10), np.full(10, 100.0)])
    assert affordable(layers, each, Means(1e9, 8000)) == Portion(units=8)
    assert affordable(layers, each, Means(1e9, 1e9)) is ALL


def test_as_many_images_are_chosen_as_are_paid_at_least_one() -> None:
    network = ordinary()
    scene = scene_of(network, probe_for(network, count=12))
    assert choose(Images(), scene, Means(1000.0), CLOCK).portion is ALL
    assert choose(Images(), scene, Means(30.0), CLOCK).portion == Portion(images=6)
    assert choose(Images(), scene, Means(1.0), CLOCK).portion == Portion(images=1)
    assert choose(Images(), scene, Means(1000.0, bytes=450), CLOCK).portion == Portion(images=4)


def test_no_more_images_are_chosen_than_their_activations_have_room_for() -> None:
    network = ordinary()
    scene = scene_of(network, probe_for(network, count=12))
    image = 4 * sum(int(np.prod(layer.shape)) for layer in scene.layers)
    choice = choose(Images(), scene, Means(1000.0, room=5.5 * image), CLOCK)
    assert choice.portion == Portion(images=5)


def test_a_trial_leaves_the_plugin_as_it_is_and_reports_no_progress() -> None:
    told: list[int] = []
    plugin = Dear()
    scene = Scene(
        spatial().network,
        spatial().layers,
        spatial().probe,
        progress=lambda done, _total, _what: told.append(done),
    )
    choose(plugin, scene, Means(50.0), CLOCK)
    assert not told


@pytest.mark.parametrize(
    ("plugin", "portion", "axis"),
    [
        (Deconvolution(), Portion(units=2), "unit"),
        (Activation(), Portion(images=2), "probe"),
        (Saliency(), Portion(images=2), "probe"),
    ],
    ids=["deconvolution", "activation", "saliency"],
)
def test_the_built_in_plugins_keep_to_their_portion_and_a_note_says_so(
    plugin: Plugin, portion: Portion, axis: str
) -> None:
    job, scene = Job(plugin.name, plugin), scene_of(ordinary())
    portions = Portions({plugin.name: portion})
    made = make_frames([job], scene, strict=True, portions=portions)
    assert made.frames
    for declared, frame in made.frames:
        counts = dict(zip(declared.tile_axes, declared.tile_shape, strict=True))
        if axis in counts:
            assert counts[axis] == 2
            assert "The first 2 of " in frame.notes[-1]


def test_a_portion_is_chosen_once_and_said_once(caplog: pytest.LogCaptureFixture) -> None:
    job, scene = Job("dear", Dear()), spatial()
    portions = Portions(max_size=20 * 1000, growing=1)
    first = portions.of(job, scene, 1e9)
    assert first == Portion(units=8)
    assert portions.of(job, scene, 1.0) == first
    assert [each.getMessage() for each in caplog.records] == [
        "plugin 'dear' records 8 of up to 16 units, at every step the same; --units all and "
        "--budget none record the rest"
    ]


def test_who_grows_with_units_sees_the_images_whose_activations_are_there() -> None:
    scene = scene_of(ordinary())
    asked: list[int] = []

    class Counting(type(scene.network)):  # type: ignore[misc]  # a class that is looked up
        def activations(self, images: FloatArray, layers: Sequence[str]) -> dict[str, FloatArray]:
            asked.append(len(images))
            found: dict[str, FloatArray] = super().activations(images, layers)
            return found

    scene.network.__class__ = Counting
    known = {"activation": Portion(images=2), "saliency": Portion(images=1)}
    both = [Job("activation", Activation()), Job("deconvolution", Deconvolution())]
    made = make_frames(both, scene, strict=True, portions=Portions(known))
    assert asked == [2]
    values = [
        frame.columns["probe"].max()
        for declared, frame in made.frames
        if (declared.key.label == "deconvolution")
    ]
    assert max(values) == 1
    assert Portions(known).of(both[1], scene, 1e9) == ALL  # nobody was shown images yet


def test_units_that_are_asked_for_are_made_whatever_they_cost() -> None:
    job, scene = Job("dear", Dear()), spatial()
    assert Portions(units="all", max_size=1).of(job, scene, 0.1) is ALL
    assert Portions(units=3).of(job, scene, 0.1) == Portion(units=3)
    assert Portions({"dear": Portion(units=1)}, units=3).of(job, scene, 0.1) == Portion(units=3)


def test_a_run_goes_on_with_what_it_has() -> None:
    job, scene = Job("deconvolution", Deconvolution()), scene_of(ordinary())
    portions = Portions({"deconvolution": Portion(units=2)})
    made = make_frames([job], scene, strict=True, portions=portions)
    known = portion_of((declared for declared, _ in made.frames), units_by_layer(scene), 3)
    assert known == Portion(units=2)
    again = make_frames([job], scene, strict=True, portions=Portions({"deconvolution": known}))
    shapes = [[declared.tile_shape for declared, _ in each.frames] for each in (made, again)]
    assert shapes[0] == shapes[1]


def test_of_a_layer_that_comes_later_all_is_shown_where_all_was_shown_of_the_others() -> None:
    scene = scene_of(ordinary())
    first = Scene(scene.network, scene.layers[:1], scene.probe)
    job = Job("deconvolution", Deconvolution())
    declared = (each for each, _ in make_frames([job], first, strict=True).frames)
    assert portion_of(declared, units_by_layer(scene), 3) == ALL


def test_layers_that_were_left_out_stay_out() -> None:
    scene = spatial()
    name = scene.layers[1].name
    frames = list(Dear().visualize(Portion(units=1, layers=frozenset([name])).of(scene)))
    declared = (declaration("dear", Dear(), frame) for frame in frames)
    known = portion_of(declared, units_by_layer(scene), 3)
    assert known == Portion(units=1, layers=frozenset([name]))


@pytest.mark.parametrize("given", ["many", 0, -1, "0", 1.5])
def test_units_that_cannot_be_are_refused(given: object) -> None:
    with pytest.raises(UsageError, match=r"^units is .*; it can be a number of units, or 'all'$"):
        units_of(given)  # type: ignore[arg-type]  # that is what is tried
