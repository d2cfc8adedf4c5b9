"""A question asked many times gives what one asked once does, on a whole image or on a field."""

from __future__ import annotations

import numpy as np
import pytest

from vizframe.errors import NetworkError
from vizframe.network import DeviceArray, Excitation, FloatArray, Objective, ReluRule
from vizframe.testing.network_pair import (
    ASKED,
    RULES,
    Pair,
    PairContract,
    assert_close,
    central_box,
    objective_of,
)
from vizframe.testing.networks import colour, convolutional, dead, ordinary, probe_for


class ExcitationContract(PairContract):
    """Excitations: fields, places, output gradients, sizes, and asking again."""

    @pytest.mark.parametrize("rule", RULES)
    @pytest.mark.parametrize("layer", ["conv0", "relu0", "pool0", "conv1"])
    def test_an_exact_field_answers_as_the_whole_image_does(
        self, layer: str, rule: ReluRule
    ) -> None:
        pair = self.pair_of(self.net(colour))
        images = probe_for(pair.reference, count=2).images
        name = pair.name(layer)
        objective = Objective.of(name, [0, 3])
        if self.refuses(rule, pair.network.excitation(objective, rule=rule).__enter__):
            return
        if not self.crops:
            with pair.network.excitation(objective, rule=rule) as excitation:
                assert not excitation.exact_field
                assert excitation.shape == images.shape
            return
        whole = pair.network.gradient(images, objective, rule=rule)
        top, left, bottom, right = central_box(pair.network.layer(name))
        with pair.network.excitation(objective, rule=rule) as excitation:
            assert excitation.exact_field
            assert excitation.shape == (2, 3, bottom - top, right - left)
            values, gradient = evaluate_numpy(excitation, images[:, :, top:bottom, left:right])
            assert_close(values, whole.values)
            assert_close(gradient, whole.gradient[:, :, top:bottom, left:right])
            maps = pair.network.activations(images, [name])[name]
            y, x = maps.shape[2] // 2, maps.shape[3] // 2
            assert_close(host(excitation, excitation.responses()), maps[:, :, y, x])

    @pytest.mark.parametrize(("place", "rule"), ASKED)
    def test_an_excitation_of_the_whole_image_is_the_gradient(
        self, pair: Pair, place: str, rule: ReluRule
    ) -> None:
        images = probe_for(pair.reference, count=2).images
        for layer in pair.reference.layers:
            objective = objective_of(layer, 2, place)
            ask = pair.network.excitation(pair.translate(objective), rule=rule).__enter__
            if self.refuses(rule, ask):
                continue
            wanted = pair.reference.gradient(images, objective, rule=rule)
            with pair.network.excitation(
                pair.translate(objective), rule=rule, exact_field=False
            ) as excitation:
                assert not excitation.exact_field
                assert excitation.shape == images.shape
                values, gradient = evaluate_numpy(excitation, images)
                assert_close(values, wanted.values)
                assert_close(gradient, wanted.gradient)
                assert host(excitation, excitation.responses()).shape == (2, layer.units)

    def test_only_a_centre_has_an_exact_field(self) -> None:
        pair = self.pair_of(self.net(colour))
        with pair.network.excitation(Objective.of(pair.name("conv0"), [0], "mean")) as excitation:
            assert not excitation.exact_field
            assert excitation.shape == (1, *pair.network.input_shape)

    def test_answers_are_those_of_all_units_of_the_layer(self) -> None:
        pair = self.pair_of(self.net(ordinary))
        images = probe_for(pair.reference, count=2).images
        with pair.network.excitation(Objective.of(pair.network.score_layer, [2, 0])) as excitation:
            evaluate_numpy(excitation, images)
            assert_close(host(excitation, excitation.responses()), pair.network.scores(images))

    def test_there_are_no_answers_before_the_first_question(self) -> None:
        network = self.adapt(self.net(ordinary))
        with (
            network.excitation(Objective.of(network.score_layer, [0])) as excitation,
            pytest.raises(NetworkError, match="call evaluate first"),
        ):
            excitation.responses()

    def test_an_excitation_can_be_asked_another_question(self) -> None:
        network = self.adapt(self.net(ordinary))
        images = probe_for(self.net(ordinary), count=2).images
        score = network.score_layer
        other = Objective(
            score, np.array([2, 1]), output_gradients=np.array([-1.0, 3.0], np.float32)
        )
        with network.excitation(Objective.of(score, [0, 0])) as excitation:
            first = evaluate_numpy(excitation, images)
            excitation.ask(other)
            values, gradient = evaluate_numpy(excitation, images)
            wanted = network.gradient(images, other)
            assert_close(values, wanted.values)
            assert_close(gradient, wanted.gradient)
            excitation.ask(Objective.of(score, [0, 0]))
            again = evaluate_numpy(excitation, images)
            assert np.array_equal(again[0], first[0])
            assert np.array_equal(again[1], first[1])

    def test_a_question_of_another_layer_or_batch_is_refused(self) -> None:
        pair = self.pair_of(self.net(ordinary))
        score = pair.network.score_layer
        with pair.network.excitation(Objective.of(score, [0, 1])) as excitation:
            for other in (Objective.of(pair.name("conv0"), [0, 1]), Objective.of(score, [0])):
                with pytest.raises(NetworkError, match="2 units of"):
                    excitation.ask(other)

    def test_two_excitations_of_one_layer_do_not_disturb_each_other(self) -> None:
        network = self.adapt(self.net(ordinary))
        images = probe_for(self.net(ordinary), count=2).images
        score = network.score_layer
        with (
            network.excitation(Objective.of(score, [0, 1])) as one,
            network.excitation(Objective.of(score, [2, 2])) as other,
        ):
            for excitation, units in ((one, [0, 1]), (other, [2, 2]), (one, [0, 1])):
                values, gradient = evaluate_numpy(excitation, images)
                wanted = network.gradient(images, Objective.of(score, units))
                assert_close(values, wanted.values)
                assert_close(gradient, wanted.gradient)

    def test_two_excitations_of_one_field_do_not_disturb_each_other(self) -> None:
        network = self.adapt(self.net(ordinary))
        for layer in (each for each in network.layers if each.has_kernel):
            with (
                network.excitation(Objective.of(layer.name, [0, 1])) as one,
                network.excitation(Objective.of(layer.name, [1, 1])) as other,
            ):
                images = np.random.default_rng(0).random(one.shape).astype(np.float32)
                first, second = evaluate_numpy(one, images), evaluate_numpy(other, images)
                again, changed = evaluate_numpy(one, images), evaluate_numpy(other, images)
                other.ask(Objective.of(layer.name, [0, 1]))
                same = evaluate_numpy(other, images)
            for found, wanted in ((again, first), (changed, second), (same, first)):
                assert np.array_equal(found[0], wanted[0])
                assert np.array_equal(found[1], wanted[1])
            assert first[0][0] != second[0][0]
            assert first[0][1] == second[0][1]

    @pytest.mark.parametrize("place", ["centre", "mean"])
    def test_layers_with_maps_take_images_of_any_size(self, place: str) -> None:
        reference, larger = self.net(convolutional, side=12), self.net(convolutional, side=20)
        pair = self.pair_of(reference)
        images = probe_for(larger, count=2).images
        for layer in reference.layers:
            objective = objective_of(layer, 2, place)
            wanted = larger.gradient(images, objective)
            with pair.network.excitation(
                pair.translate(objective), size=(20, 20), exact_field=False
            ) as excitation:
                assert excitation.shape == images.shape
                values, gradient = evaluate_numpy(excitation, images)
                assert_close(values, wanted.values)
                assert_close(gradient, wanted.gradient)

    def test_a_size_that_only_the_layers_below_the_dense_ones_take_is_enough(self) -> None:
        pair = self.pair_of(self.net(ordinary, side=12))
        objective = Objective.of(pair.name("conv1"), [0], "mean")
        with pair.network.excitation(objective, size=(20, 24)) as excitation:
            assert excitation.shape == (1, 1, 20, 24)
            assert evaluate_numpy(excitation, np.ones(excitation.shape, np.float32))[1].any()

    def test_a_dead_unit_answers_zero_and_has_no_gradient(self) -> None:
        pair = self.pair_of(self.net(dead))
        objective = Objective.of(pair.name("relu0"), [1, 0])
        with pair.network.excitation(objective) as excitation:
            draw = np.random.default_rng(0)
            values, gradient = evaluate_numpy(
                excitation, draw.random(excitation.shape).astype(np.float32)
            )
            assert values[0] == 0
            assert not gradient[0].any()

    def test_there_is_room_for_at_least_one_unit(self) -> None:
        pair = self.pair_of(self.net(ordinary))
        for layer in pair.network.layers:
            assert pair.network.batch_size(layer.name) >= 1
            if layer.is_spatial:
                assert pair.network.batch_size(layer.name, size=(24, 24)) >= 1


def evaluate_numpy(excitation: Excitation, images: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Value and gradient in NumPy."""
    values, gradient = excitation.evaluate(excitation.ops.to_device(images))
    return host(excitation, values), host(excitation, gradient)


def host(excitation: Excitation, values: DeviceArray) -> FloatArray:
    """A copy: what an excitation gives, the next may overwrite."""
    return excitation.ops.to_numpy(values).copy()
