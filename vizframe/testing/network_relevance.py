"""Relevance is what the formulas say, by every composite."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import numpy as np
import pytest

from vizframe.network import FloatArray, Network, Objective
from vizframe.network.relevance import COMPOSITES, RelevanceNetwork, RelevanceRules
from vizframe.testing.network_pair import Pair, PairContract, assert_close, objective_of
from vizframe.testing.networks import broken, probe_for
from vizframe.testing.reference import ReferenceNetwork


class RelevanceContract(PairContract):
    """What `vizframe.network.relevance.RelevanceNetwork` asks.

    Attributes:
        hands_back: whether the adapter does; one that does not lacks the method.
    """

    hands_back: ClassVar[bool] = True

    def asked_to_hand_back(self, network: Network) -> RelevanceNetwork | None:
        """The network, if it can."""
        assert isinstance(network, RelevanceNetwork) == self.hands_back
        return network if isinstance(network, RelevanceNetwork) else None

    @pytest.mark.parametrize("composite", COMPOSITES)
    def test_relevance_is_what_the_formulas_say(self, pair: Pair, composite: str) -> None:
        network, reference = self.asked_to_hand_back(pair.network), pair.reference
        if network is None:
            return
        rules, images = around_zero(composite, reference)
        asked = objective_of(reference.layer(reference.score_layer), len(images))
        wanted = reference.relevance(images, asked, rules)
        found = network.relevance(images, pair.translate(asked), rules)
        assert_close(found.values, wanted.values)
        assert_close(found.gradient, wanted.gradient)

    @pytest.mark.parametrize("composite", COMPOSITES)
    def test_relevance_of_an_inner_layer_is_what_the_formulas_say(self, composite: str) -> None:
        reference = self.net(broken)
        pair = self.pair_of(reference)
        network = self.asked_to_hand_back(pair.network)
        if network is None:
            return
        rules, images = around_zero(composite, reference)
        asked = Objective.of("conv0", [0, 1, 2], "mean")
        found = network.relevance(images, pair.translate(asked), rules)
        assert np.isnan(found.gradient[1]).any()  # the sick unit's own
        wanted = reference.relevance(images, asked, rules)
        healthy = [0, 2]
        assert_close(found.values[healthy], wanted.values[healthy])
        assert_close(found.gradient[healthy], wanted.gradient[healthy])


def around_zero(composite: str, reference: ReferenceNetwork) -> tuple[RelevanceRules, FloatArray]:
    """The rules, and images of numbers of both signs."""
    channels = reference.input_shape[0]
    box = {"low": (-0.5,) * channels, "high": (1.0,) * channels}
    rules = replace(COMPOSITES[composite], epsilon=1e-4, low=box["low"], high=box["high"])
    return rules, probe_for(reference).images - np.float32(0.3)
