"""Layers, activations, weights and gradients are those of the model."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from vizframe.errors import NetworkError
from vizframe.network import Network, Objective, ReluRule
from vizframe.network.layer import select
from vizframe.network.resumed import ResumableNetwork, resume
from vizframe.testing.network_pair import (
    ASKED,
    RULES,
    Pair,
    PairContract,
    assert_close,
    objective_of,
)
from vizframe.testing.networks import broken, ordinary, probe_for
from vizframe.testing.reference import ReferenceNetwork


class AnswersContract(PairContract):
    """What is asked once."""

    def test_it_is_a_network(self) -> None:
        assert isinstance(self.adapt(self.net(ordinary)), Network)

    def test_layers_are_those_of_the_model_in_forward_order(self, pair: Pair) -> None:
        network, reference = pair.network, pair.reference
        assert network.input_shape == reference.input_shape
        assert pair.name(reference.score_layer) == network.score_layer
        for wanted in reference.layers:
            found = network.layer(pair.name(wanted.name))
            assert (found.shape, found.units) == (wanted.shape, wanted.units)
            assert dict(found.parameters) == dict(wanted.parameters)
            assert found.has_kernel == wanted.has_kernel
            assert (found.kind, found.axes) == (wanted.kind, wanted.axes)
            assert found.nonnegative == wanted.nonnegative
            assert found.rectifies == (wanted.rectifies and self.follows_rules)
            if wanted.is_spatial:
                known = wanted.receptive_field if self.has_fields else None
                assert found.receptive_field == known

    def test_every_layer_has_a_name_of_its_own_and_answers_to_it(self, pair: Pair) -> None:
        names = [layer.name for layer in pair.network.layers]
        assert len(set(names)) == len(names)
        assert all(names)
        assert [pair.network.layer(name) for name in names] == list(pair.network.layers)
        assert select(pair.network.layers, names) == pair.network.layers

    def test_a_layer_reads_only_what_comes_before_it(self, pair: Pair) -> None:
        names = {layer.name for layer in pair.network.layers}
        before: set[str] = set()
        for layer in pair.network.layers:
            assert layer.inputs
            assert set(layer.inputs) & names <= before
            before.add(layer.name)

    def test_classes_are_called_as_the_model_says(self) -> None:
        plain = self.net(ordinary)
        assert self.adapt(plain).class_names is None
        named = ReferenceNetwork(
            plain.operations, plain.input_shape, class_names=("a cat", "a dog", "neither")
        )
        assert self.adapt(named).class_names == ("a cat", "a dog", "neither")

    def test_activations_of_all_layers_come_in_one_pass(self, pair: Pair) -> None:
        images = probe_for(pair.reference).images
        names = [layer.name for layer in pair.reference.layers]
        wanted = pair.reference.activations(images, names)
        found = pair.network.activations(images, [pair.name(name) for name in names])
        assert list(found) == [pair.name(name) for name in names]
        for name in names:
            assert_close(found[pair.name(name)], wanted[name])
        assert_close(pair.network.scores(images), pair.reference.scores(images))

    def test_one_pass_answers_as_one_layer_at_a_time_does(self, pair: Pair) -> None:
        images = probe_for(pair.reference).images
        names = [layer.name for layer in pair.network.layers]
        together = pair.network.activations(images, names)
        for name in names:
            alone = pair.network.activations(images, [name])
            assert list(alone) == [name]
            assert_close(alone[name], together[name])

    def test_an_image_is_answered_alike_in_every_batch(self, pair: Pair) -> None:
        images = probe_for(pair.reference, count=5).images
        together = pair.network.scores(images)
        for number in range(5):
            assert_close(pair.network.scores(images[number : number + 1])[0], together[number])

    def test_it_is_computed_on_from_what_is_given(self, pair: Pair) -> None:
        images = probe_for(pair.reference).images
        first, *_, last = pair.reference.layers
        shape = (len(images), *first.shape)
        given = np.random.default_rng(0).normal(size=shape).astype(np.float32)
        names = {pair.name(each.name): each.name for each in pair.reference.layers}
        if not isinstance(pair.network, ResumableNetwork):
            with pytest.raises(NetworkError, match="its units cannot be switched off"):
                resume(pair.network, images, {pair.name(first.name): given}, list(names))
            return
        wanted = pair.reference.resume(images, {first.name: given}, list(names.values()))
        found = resume(pair.network, images, {pair.name(first.name): given}, list(names))
        for name, own in names.items():
            assert_close(found[name], wanted[own])
        before = pair.network.activations(images, [pair.name(last.name)])
        assert_close(before[pair.name(last.name)], pair.reference.scores(images))
        with pytest.raises(NetworkError, match=f"it can be .*{first.shape[0]}"):
            resume(pair.network, images, {pair.name(first.name): given[:, :0]}, list(names))

    def test_no_layers_give_no_activations(self) -> None:
        reference = self.net(ordinary)
        assert self.adapt(reference).activations(probe_for(reference).images, []) == {}

    @pytest.mark.parametrize(("place", "rule"), ASKED)
    def test_gradients_of_a_batch_of_units(self, pair: Pair, rule: ReluRule, place: str) -> None:
        images = probe_for(pair.reference, count=4).images
        for layer in pair.reference.layers:
            objective = objective_of(layer, len(images), place)
            asked = pair.translate(objective)
            if self.refuses(rule, partial(pair.network.gradient, images, asked, rule=rule)):
                continue
            wanted = pair.reference.gradient(images, objective, rule=rule)
            found = pair.network.gradient(images, asked, rule=rule)
            assert_close(found.values, wanted.values)
            assert_close(found.gradient, wanted.gradient)

    def test_gradients_are_those_of_finite_differences(self) -> None:
        reference = ordinary()  # the more units, the more ReLUs turn within a step
        network = self.adapt(reference)
        images = probe_for(reference, count=1).images
        objective = Objective.of(network.score_layer, [1])
        found = network.gradient(images, objective).gradient
        for seed in range(4):
            way = np.random.default_rng(seed).standard_normal(images.shape).astype(np.float32)
            ends = [
                float(network.gradient(images + step * way, objective).values[0])
                for step in (np.float32(1e-4), np.float32(-1e-4))
            ]
            slope = float((found * way).sum())
            assert (ends[0] - ends[1]) / 2e-4 == pytest.approx(slope, rel=0.01, abs=3e-3)

    @pytest.mark.parametrize("rule", RULES)
    @pytest.mark.parametrize("inner", ["conv0", "pool0", "conv1"])
    def test_gradients_at_an_inner_layer(self, inner: str, rule: ReluRule) -> None:
        pair = self.pair_of(self.net(ordinary))
        images = probe_for(pair.reference).images
        objective = Objective.of("dense0", [0, 1, 2])
        asked, at = pair.translate(objective), pair.name(inner)
        if self.refuses(rule, partial(pair.network.gradient, images, asked, rule=rule, at=at)):
            return
        wanted = pair.reference.gradient(images, objective, rule=rule, at=inner)
        found = pair.network.gradient(images, asked, rule=rule, at=at)
        assert_close(found.values, wanted.values)
        assert_close(found.gradient, wanted.gradient)

    @pytest.mark.parametrize("place", ["centre", "mean"])
    def test_gradients_at_all_layers_come_in_one_question(self, pair: Pair, place: str) -> None:
        images = probe_for(pair.reference).images
        *before, last = pair.reference.layers
        objective = objective_of(last, len(images), place)
        names = [layer.name for layer in pair.reference.layers]
        wanted = pair.reference.gradients(images, objective, names)
        found = pair.network.gradients(images, pair.translate(objective), [*map(pair.name, names)])
        assert_close(found.values, wanted.values)
        assert_close(found.gradient, wanted.gradient)
        assert list(found.gradients) == [pair.name(layer.name) for layer in before]
        assert list(found.outputs) == list(found.gradients)
        for layer in before:
            assert_close(found.gradients[pair.name(layer.name)], wanted.gradients[layer.name])
            assert_close(found.outputs[pair.name(layer.name)], wanted.outputs[layer.name])

    def test_layers_that_an_objective_does_not_depend_on_are_left_out(self) -> None:
        pair = self.pair_of(self.net(ordinary))
        images = probe_for(pair.reference).images
        objective = pair.translate(Objective.of("pool0", [0, 1, 2], "mean"))
        names = [pair.name(name) for name in ("relu1", "relu0", "pool0", "conv0")]
        found = pair.network.gradients(images, objective, names)
        assert list(found.gradients) == list(found.outputs) == [names[1], names[3]]
        alone = pair.network.gradients(images, objective, [])
        assert not alone.gradients
        assert_close(alone.gradient, found.gradient)

    @pytest.mark.parametrize("layer", ["conv1", "relu1", "dense0"])
    def test_heads_scale_the_gradient_and_not_the_values(self, layer: str) -> None:
        pair = self.pair_of(self.net(ordinary))
        images = probe_for(pair.reference).images
        plain = pair.network.gradient(images, Objective.of(pair.name(layer), [0, 1, 2]))
        heads = np.array([2.0, -1.0, 0.0], np.float32)
        asked = Objective(pair.name(layer), np.arange(3), output_gradients=heads)
        scaled = pair.network.gradient(images, asked)
        assert_close(scaled.values, plain.values)
        assert_close(scaled.gradient, plain.gradient * heads[:, None, None, None])

    def test_weights_are_copies_of_the_model_s_own(self, pair: Pair) -> None:
        for layer in pair.reference.layers:
            name = pair.name(layer.name)
            found = pair.network.weights(name)
            wanted = pair.reference.weights(layer.name)
            assert set(found) == set(wanted)
            for key, values in found.items():
                assert_close(values, wanted[key])
                values[...] = 7
                assert_close(pair.network.weights(name)[key], wanted[key])

    def test_a_model_that_was_not_trained_has_no_weight_gradients_or_zeros(
        self, pair: Pair
    ) -> None:
        for layer in pair.network.layers:
            for key, values in pair.network.weight_gradients(layer.name).items():
                assert values.shape == layer.parameters[key]
                assert not values.any()

    def test_a_filter_of_nan_is_shown_as_it_is_and_spoils_no_other(self) -> None:
        pair = self.pair_of(self.net(broken))
        images = probe_for(pair.reference).images
        name = pair.name("conv0")
        found = pair.network.activations(images, [name])[name]
        assert_close(found, pair.reference.activations(images, ["conv0"])["conv0"])
        assert np.isnan(found[:, 1]).all()
        assert np.isfinite(np.delete(found, 1, axis=1)).all()
        assert np.isnan(pair.network.weights(name)["weight"][1]).all()
