"""Nets that are no chain are seen as the chains that are the same functions: see `cases`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import ClassVar

import numpy as np
import pytest

from vizframe.network import FloatArray, Network, Objective, ReluRule
from vizframe.network.layer import Layer
from vizframe.testing.cases import BUILDS, Case, cases
from vizframe.testing.network_care import CareContract
from vizframe.testing.network_excitation import evaluate_numpy
from vizframe.testing.network_pair import assert_close
from vizframe.testing.network_relevance import RelevanceContract, around_zero
from vizframe.testing.networks import probe_for

ALL = tuple(build.__name__ for build in BUILDS)
RULES: tuple[ReluRule, ...] = ("plain", "guided")
OTHER_RULES = ("skip", "concatenation", "tokens", "channels_last", "several_inputs")
"""Cases whose layers are of other kinds than the chain's, or are first where that has another."""


class CasesContract(RelevanceContract, CareContract):
    """Each case, in the adapter's framework.

    Attributes:
        cases: those that the framework can write.
        without_fields: those in which a map that was a sequence, or had its channels last, may have
            no receptive field.
        sees_functions: whether what a function gives is a layer, too.
    """

    cases: ClassVar[Sequence[str]] = ALL
    without_fields: ClassVar[Sequence[str]] = ("tokens",)
    sees_functions: ClassVar[bool] = True

    def adapt_case(self, case: Case) -> Network:
        """Override: the net of the case, in the adapter's framework."""
        raise NotImplementedError("a contract test class gives the method `adapt_case`")

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        super().pytest_generate_tests(metafunc)
        if "case" in metafunc.fixturenames:
            metafunc.parametrize("case", self.cases, indirect=True)

    @pytest.fixture
    def case(self, request: pytest.FixtureRequest) -> Case:
        """Each case in turn."""
        return cases()[request.param]

    def test_layers_of_a_case_are_those_of_the_chain(self, case: Case) -> None:
        network, reference = self.adapt_case(case), case.reference
        images = probe_for(reference).images
        assert_close(network.scores(images), reference.scores(images))
        values = network.activations(images, [each.name for each in network.layers])
        hidden = () if self.sees_functions else case.by_functions
        for name in (each for each in case.shown if each not in hidden):
            wanted = reference.layer(name)
            found = like(network, values, reference.activations(images, [name])[name])
            assert found.units == wanted.units
            if found.shape == wanted.shape:
                assert found.axes == wanted.axes
            else:  # the maps' places in a row
                assert found.shape == of_sequence(wanted)
                assert found.axes in (("time", "unit"), ("place", "unit"))
            none = [None] if case.name in self.without_fields else []
            if wanted.is_spatial and found.is_spatial and self.has_fields:
                assert found.receptive_field in (wanted.receptive_field, *none)

    def test_gradients_of_a_case_are_those_of_the_chain(self, case: Case) -> None:
        network, reference = self.adapt_case(case), case.reference
        images = probe_for(reference).images
        for rule in RULES:
            asked = Objective.of(network.score_layer, [0, 1, 2])
            if self.refuses(rule, partial(network.gradient, images, asked, rule=rule)):
                continue
            found = network.gradient(images, asked, rule=rule)
            wanted = reference.gradient(images, Objective.of("out", [0, 1, 2]), rule=rule)
            assert_close(found.values, wanted.values)
            assert_close(found.gradient, wanted.gradient)
        with network.excitation(Objective.of(network.score_layer, [2, 0])) as excitation:
            values, gradient = evaluate_numpy(excitation, images[:2])
        wanted = reference.gradient(images[:2], Objective.of("out", [2, 0]))
        assert_close(values, wanted.values)
        assert_close(gradient, wanted.gradient)

    def test_relevance_of_a_case_is_that_of_the_chain(self, case: Case) -> None:
        network = self.adapt_case(case)
        asked, handing = (
            Objective.of(network.score_layer, [0, 1, 2]),
            self.asked_to_hand_back(network),
        )
        if handing is None:
            return
        for composite in ("epsilon", *(() if case.name in OTHER_RULES else ("epsilon_gamma_box",))):
            rules, images = around_zero(composite, case.reference)
            rules = replace(rules, epsilon=1e-7)  # of which two layers take more than one
            wanted = case.reference.relevance(images, Objective.of("out", [0, 1, 2]), rules)
            found = handing.relevance(images, asked, rules)
            assert_close(found.values, wanted.values)
            assert_close(found.gradient, wanted.gradient)

    def test_asking_about_a_case_changes_nothing(self, case: Case) -> None:
        network = self.adapt_case(case)
        images = probe_for(case.reference).images
        before, scores = self.everything(network), network.scores(images)
        network.gradient(images, Objective.of(network.score_layer, [0, 1, 2]))
        with network.excitation(Objective.of(network.layers[0].name, [0])) as excitation:
            evaluate_numpy(excitation, np.ones(excitation.shape, np.float32))
        with network.randomized(1) as control:
            control.scores(images)
        assert self.everything(network) == before
        assert np.array_equal(network.scores(images), scores)


def like(network: Network, values: dict[str, FloatArray], wanted: FloatArray) -> Layer:
    """The layer that gives these values: as a map, or as the sequence of its places."""
    sequence = wanted.reshape(*wanted.shape[:2], -1).swapaxes(1, 2)
    for name, given in values.items():
        if any(
            given.shape == w.shape and np.allclose(given, w, atol=1e-4) for w in (wanted, sequence)
        ):
            return network.layer(name)
    shapes = {name: given.shape for name, given in values.items()}
    raise AssertionError(f"no layer gives what the chain does, {wanted.shape}; there are {shapes}")


def of_sequence(layer: Layer) -> tuple[int, ...]:
    """The shape of a map as a sequence of its places."""
    units, *places = layer.shape
    return int(np.prod(places)), units
