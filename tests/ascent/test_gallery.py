"""The climb itself: it rises, it repeats itself exactly, it says what became of each unit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import ClassVar

import numpy as np
import pytest

from tests.core.small_network import PIXELS, SIDE, network, with_bias
from vizframe.ascent.curve import POINTS
from vizframe.ascent.gallery import Gallery, Question, ascend
from vizframe.ascent.pixels import Pixels
from vizframe.ascent.presets import PRESETS, preset
from vizframe.ascent.recipe import Recipe
from vizframe.ascent.tiles import notes, pictures
from vizframe.errors import NetworkError, UnknownName, UsageError
from vizframe.network import Excitation, Objective, ReluRule
from vizframe.network.probe import Normalization
from vizframe.testing.reference import ReferenceNetwork

SHORT = Recipe(40, "adam", rate=8.0, decay=0.005, blur=0.5)


def question(net: ReferenceNetwork, layer: str, recipe: Recipe = SHORT) -> Question:
    return Question(net.layer(layer), recipe, Pixels.of(PIXELS, net.input_shape[0]))


def draw_noise(
    layer: str = "conv1", recipe: Recipe = SHORT, units: tuple[int, ...] = (0, 1, 2, 3, 4, 5)
) -> Gallery:
    net = network()
    return ascend(net, question(net, layer, recipe), units)


@pytest.mark.parametrize(
    ("name", "channels"),
    [(name, n) for name in PRESETS for n in (1, 3, 7) if n == 3 or name != "lucid"],
)
def test_every_preset_climbs_on_any_number_of_channels(name: str, channels: int) -> None:
    net = network(channels)
    recipe = replace(preset(name), iterations=40)
    moved, still = (
        ascend(net, question(net, "dense0", each), (0, 1, 2, 3)).outcome
        for each in (recipe, replace(recipe, rate=1e-12))
    )
    assert not moved.dead.any()
    assert (moved.objective > still.objective).all()


@pytest.mark.parametrize("name", ["quick", "yosinski-3", "fourier"])
@pytest.mark.parametrize(
    "normalization",
    [
        Normalization(),
        Normalization(low=-1.0, high=1.0),
        Normalization(mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225)),
    ],
)
def test_pictures_do_not_depend_on_what_the_inputs_are_scaled_by(
    name: str, normalization: Normalization
) -> None:
    """A first layer that undoes the other scale makes the two networks one of pixels."""
    recipe = replace(preset(name), iterations=12)
    plain = network()
    pixels = Pixels.of(replace(normalization, mean=(0.0,)), 3)
    operations = dict(plain.operations)
    weight = operations["conv0"].parameters["weight"]
    scale = np.asarray(pixels.scale, np.float32).reshape(1, 3, 1, 1)
    operations["conv0"] = operations["conv0"].with_parameters({"weight": weight * scale})
    scaled = ReferenceNetwork(operations, plain.input_shape, room=4)
    in_pixels = Normalization(
        mean=tuple(
            255 * (m - normalization.low) / (normalization.high - normalization.low)
            for m in normalization.mean
        ),
        low=0.0,
        high=255.0,
    )
    pictures = [
        each.to_picture(
            ascend(
                net, replace(question(net, "conv1", recipe), pixels=Pixels.of(each, 3)), (0, 1)
            ).outcome.images
        )
        for net, each in ((plain, in_pixels), (scaled, normalization))
    ]
    assert pictures[1] == pytest.approx(pictures[0], abs=2e-3)


@pytest.mark.parametrize("name", ["quick", "clear", "yosinski-1", "yosinski-3", "simonyan"])
def test_counting_from_a_ground_is_subtracting_it(name: str) -> None:
    """A network of plain pixels whose first layer subtracts the mean itself draws the same."""
    recipe = replace(preset(name), iterations=8, start_sd=10.0)
    subtracted, mean = network(), PIXELS.mean[0]
    weight = subtracted.operations["conv0"].parameters["weight"]
    plain = with_bias(subtracted, "conv0", (-mean * weight.sum(axis=(1, 2, 3))).tolist())
    raw = Pixels.of(Normalization(low=0.0, high=255.0), 3, (mean,))
    one, other = (
        ascend(net, replace(question(net, "dense0", recipe), pixels=pixels), (0, 1)).outcome.images
        for net, pixels in ((subtracted, Pixels.of(PIXELS, 3)), (plain, raw))
    )
    assert other == pytest.approx(one + mean, abs=0.1)


@pytest.mark.parametrize("name", PRESETS)
def test_the_same_seed_gives_the_same_bits(name: str) -> None:
    recipe = replace(preset(name), iterations=6)
    first, second = draw_noise(recipe=recipe), draw_noise(recipe=recipe)
    assert first.outcome.images.tobytes() == second.outcome.images.tobytes()


def test_another_seed_gives_another_picture() -> None:
    net = network()
    one, other = (
        ascend(net, replace(question(net, "conv1"), seed=seed), (0,)).outcome.images
        for seed in (0, 1)
    )
    assert not np.array_equal(one, other)


def test_a_picture_does_not_depend_on_the_units_of_its_batch() -> None:
    together, alone = draw_noise(), draw_noise(units=(4,))
    assert together.outcome.images[4] == pytest.approx(alone.outcome.images[0], abs=1e-3)


def test_a_batch_that_is_not_full_gives_as_many_pictures_as_units() -> None:
    gallery = draw_noise(units=(5, 1, 0, 2, 3))  # four at once: one batch and a quarter
    assert gallery.units == (5, 1, 0, 2, 3)
    assert gallery.outcome.images.shape[0] == 5
    assert gallery.outcome.objective == pytest.approx(
        draw_noise().outcome.objective[[5, 1, 0, 2, 3]]
    )


def test_a_centre_unit_is_drawn_as_exactly_what_it_sees() -> None:
    gallery = draw_noise("conv1")
    assert gallery.exact_field
    assert gallery.outcome.images.shape == (6, 3, 8, 8)


def test_the_whole_input_is_drawn_on_request_and_its_middle_is_the_field() -> None:
    net, recipe = network(), Recipe(10, "rate", rate=100.0)
    asked = question(net, "conv1", recipe)
    whole = ascend(net, replace(asked, whole=True), (0, 1))
    assert not whole.exact_field
    assert whole.outcome.images.shape == (2, 3, SIDE, SIDE)
    assert (whole.outcome.objective > whole.outcome.curve[:, 0]).all()


def test_a_mean_over_the_map_is_climbed_on_the_whole_input() -> None:
    net = network()
    gallery = ascend(net, replace(question(net, "conv1"), place="mean"), (0, 1, 2))
    assert gallery.outcome.images.shape == (3, 3, SIDE, SIDE)
    assert (gallery.outcome.objective > gallery.outcome.curve[:, 0]).all()


def test_minimising_goes_down() -> None:
    net = network()
    outcome = ascend(net, replace(question(net, "dense0"), minimise=True), (0, 1, 2, 3)).outcome
    assert (outcome.objective < outcome.curve[:, 0]).all()


def test_the_last_value_is_the_units_answer_to_the_picture() -> None:
    net = network()
    outcome = ascend(net, question(net, "dense0"), (0, 1, 2, 3)).outcome
    scores = net.scores(outcome.images)
    assert outcome.objective == pytest.approx(np.diagonal(scores), rel=1e-4)
    assert outcome.curve[:, -1] == pytest.approx(outcome.objective)
    assert outcome.curve.shape == (4, POINTS)
    assert (outcome.iterations == 40).all()


def test_moved_pictures_are_judged_unmoved() -> None:
    net = network()
    recipe = replace(preset("clear"), iterations=20)
    outcome = ascend(net, question(net, "dense0", recipe), (0, 1, 2, 3)).outcome
    scores = net.scores(outcome.images)
    assert outcome.objective == pytest.approx(np.diagonal(scores), rel=1e-4)


def test_a_unit_knows_since_when_it_is_the_strongest_of_its_layer() -> None:
    net = network()
    outcome = ascend(net, question(net, "dense0"), (0, 1, 2, 3)).outcome
    won = np.argmax(net.scores(outcome.images), axis=1) == np.arange(4)
    assert won.any()
    assert np.array_equal(np.isfinite(outcome.strongest_since), won)
    assert (outcome.strongest_since[won] < 40).all()


def test_units_of_equal_answers_are_none_of_them_the_strongest() -> None:
    net = network()
    operations = dict(net.operations)
    weight = np.repeat(operations["dense0"].parameters["weight"][:1], 2, axis=0)
    operations["dense0"] = operations["dense0"].with_parameters(
        {"weight": weight, "bias": np.zeros(2, np.float32)}
    )
    twins = ReferenceNetwork(operations, net.input_shape)
    outcome = ascend(twins, question(twins, "dense0"), (0, 1)).outcome
    assert np.isnan(outcome.strongest_since).all()


def test_a_unit_that_is_silent_at_the_start_is_rescued_and_climbs() -> None:
    net = with_bias(network(), "conv1", [-60.0] * 6)
    outcome = ascend(net, question(net, "relu1"), tuple(range(6))).outcome
    assert outcome.rescued.any()
    assert (outcome.objective[outcome.rescued] > 0).all()
    assert not (outcome.rescued & outcome.dead).any()


def test_a_unit_that_nothing_opens_is_dead_and_its_neighbours_are_not() -> None:
    bias = [0.0, 0.0, -1e9, 0.0, 0.0, 0.0]
    net = with_bias(network(), "conv1", bias)
    outcome = ascend(net, question(net, "relu1"), tuple(range(6))).outcome
    assert np.flatnonzero(outcome.dead).tolist() == [2]
    alive = ~outcome.dead
    assert (outcome.objective[alive] > outcome.curve[alive, 0]).all()


class Stubborn(ReferenceNetwork):
    """A network whose ReLUs cannot be replaced, as that of a plain Block."""

    @contextmanager
    def excitation(
        self,
        objective: Objective,
        *,
        size: tuple[int, int] | None = None,
        rule: ReluRule = "plain",
        exact_field: bool = True,
    ) -> Iterator[Excitation]:
        if rule != "plain":
            raise NetworkError(f"rule is {rule!r}; it can be 'plain'")
        asked = super().excitation(objective, size=size, rule=rule, exact_field=exact_field)
        with asked as excitation:
            yield excitation


def test_units_that_cannot_be_rescued_are_dead_with_the_reason_and_the_others_climb() -> None:
    bias = [0.0, 0.0, -1e9, 0.0, 0.0, 0.0]
    net = Stubborn(with_bias(network(), "conv1", bias).operations, (3, SIDE, SIDE))
    gallery = ascend(net, question(net, "relu1"), tuple(range(6)))
    assert gallery.refused == "rule is 'redirected'; it can be 'plain'"
    assert gallery.outcome.dead[2]
    assert not gallery.outcome.rescued.any()
    alive = ~gallery.outcome.dead
    assert (gallery.outcome.objective[alive] > gallery.outcome.curve[alive, 0]).all()


def test_a_dead_neighbour_changes_nothing_for_the_others() -> None:
    dead = with_bias(network(), "conv1", [0.0, 0.0, -1e9, 0.0, 0.0, 0.0])
    beside, without = (
        ascend(net, question(net, "relu1"), (0, 1, 2, 3)).outcome.images[:2]
        for net in (dead, network())
    )
    assert np.array_equal(beside, without)


def test_weights_that_are_not_a_number_make_dead_units_and_no_error() -> None:
    net = with_bias(network(), "conv1", [0.0, np.nan, 0.0, 0.0, 0.0, 0.0])
    outcome = ascend(net, question(net, "conv1"), (0, 1, 2)).outcome
    assert np.isnan(outcome.objective).tolist() == [False, True, False]
    assert not outcome.converged[1]


def test_a_warm_start_needs_fewer_iterations_and_loses_next_to_nothing() -> None:
    net = network()
    long = question(net, "dense0", replace(SHORT, iterations=400))
    cold = ascend(net, long, (0, 1, 2, 3)).outcome
    warm = ascend(net, long, (0, 1, 2, 3), earlier=cold.values).outcome
    assert warm.warm.all()
    assert (warm.iterations < cold.iterations).all()
    assert warm.objective.mean() > 0.98 * cold.objective.mean()


def test_an_earlier_picture_of_another_size_is_no_start() -> None:
    net = network()
    earlier = np.zeros((2, 3, 5, 5), np.float32)
    outcome = ascend(net, question(net, "dense0"), (0, 1), earlier=earlier).outcome
    assert not outcome.warm.any()


def test_an_earlier_picture_that_is_not_finite_is_no_start_and_its_neighbours_are() -> None:
    net = network()
    earlier = ascend(net, question(net, "dense0"), (0, 1)).outcome.values
    earlier[0, 0, 3, 3] = np.nan
    outcome = ascend(net, question(net, "dense0"), (0, 1), earlier=earlier).outcome
    assert outcome.warm.tolist() == [False, True]
    assert np.isfinite(outcome.objective).all()
    assert not outcome.dead.any()


def test_progress_is_told_in_unit_iterations_and_ends_at_the_total() -> None:
    net, told = network(), list[int]()
    ascend(net, question(net, "conv1"), tuple(range(6)), report=told.append)
    assert told == sorted(told)
    assert told[-1] == 6 * SHORT.iterations


def test_an_unknown_preset_is_named_with_the_nearest() -> None:
    with pytest.raises(
        UnknownName, match="preset 'yosinsky3' is not known; it can be 'yosinski-3'"
    ):
        preset("yosinsky3")


def test_a_regulariser_of_pixels_is_refused_for_frequencies() -> None:
    with pytest.raises(
        UsageError, match=r"blur is 1.0 for a preset that moves frequencies; it can"
    ):
        replace(preset("lucid"), blur=1.0)


def test_the_best_picture_of_a_climb_is_kept_where_that_is_asked_for() -> None:
    """A rate that throws the picture beyond its optimum and back."""
    net, units = network(), (0, 1, 2)
    rough = replace(preset("yosinski-2"), iterations=40, rate=1e6, decay=0.6)
    asked = replace(question(net, "conv1"), recipe=rough)
    last = ascend(net, asked, units).outcome
    best = ascend(net, replace(asked, recipe=replace(rough, keep="best")), units).outcome
    np.testing.assert_array_equal(best.curve, last.curve)
    assert (best.objective >= best.curve.max(axis=1)).all()
    assert (best.objective > last.objective).any()
    with net.excitation(Objective.of("conv1", units)) as excitation:
        values, _ = excitation.evaluate(excitation.ops.to_device(best.images))
    np.testing.assert_allclose(excitation.ops.to_numpy(values), best.objective, rtol=1e-5)


def test_the_best_is_not_kept_of_pictures_that_move() -> None:
    with pytest.raises(UsageError, match="keep is 'best' for a preset that moves the image"):
        replace(preset("clear"), keep="best")


def test_a_climb_that_diverged_is_said_so_and_never_called_converged() -> None:
    net = network()
    wild = replace(preset("simonyan"), iterations=64, rate=1e9, l2=0.01)
    gallery = ascend(net, replace(question(net, "relu1"), recipe=wild), (0, 1))
    assert not gallery.outcome.converged.any()
    assert not np.isfinite(gallery.outcome.images).all(axis=(1, 2, 3)).any()
    asked = replace(question(net, "relu1"), recipe=wild)
    said = " ".join(notes(gallery, asked))
    assert "The climb diverged, lower the rate of 1e+09" in said
    assert "less than 1/l2 = 100, or the l2" in said
    assert np.isnan(pictures(gallery, Normalization())).all()


class Counting(ReferenceNetwork):
    """A network that counts the images of its questions, by the rule of their ReLUs."""

    asked: ClassVar[dict[str, list[int]]] = {}

    @contextmanager
    def excitation(
        self,
        objective: Objective,
        *,
        size: tuple[int, int] | None = None,
        rule: ReluRule = "plain",
        exact_field: bool = True,
    ) -> Iterator[Excitation]:
        self.asked.setdefault(rule, []).append(len(objective.units))
        asked = super().excitation(objective, size=size, rule=rule, exact_field=exact_field)
        with asked as excitation:
            yield excitation


def test_only_silent_units_are_evaluated_until_they_are_rescued() -> None:
    bias = [60.0, -60.0, 60.0, -60.0, -60.0, 60.0]
    net = Counting(with_bias(network(), "conv1", bias).operations, (3, SIDE, SIDE))
    Counting.asked.clear()
    together = ascend(net, question(net, "relu1"), tuple(range(6))).outcome
    assert Counting.asked == {"plain": [6, 4], "redirected": [4]}  # three, the last one twice
    assert together.rescued.tolist() == [each < 0 for each in bias]
    for unit in range(6):
        alone = ascend(net, question(net, "relu1"), (unit,)).outcome
        np.testing.assert_allclose(together.images[unit], alone.images[0], atol=1e-4)
