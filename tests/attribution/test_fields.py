"""The strongest places of units, and gradients of single places on their fields."""

from __future__ import annotations

import numpy as np
import pytest

from vizframe.attribution.fields import place_gradients
from vizframe.attribution.strongest import strongest
from vizframe.network import Objective, ReluRule
from vizframe.testing.networks import colour, probe_for


class TestStrongest:
    def test_the_top_images_and_places_of_each_unit(self) -> None:
        maps = np.zeros((3, 2, 2, 3), np.float32)
        maps[0, 0, 1, 2], maps[2, 0, 0, 1] = 5, 7
        maps[1, 1, 1, 0] = -1
        found = strongest(maps, 2)
        assert found.images.tolist() == [[2, 0], [0, 1]]
        assert found.places.tolist() == [[[0, 1], [1, 2]], [[0, 0], [0, 0]]]
        assert found.values.tolist() == [[7, 5], [0, 0]]

    def test_a_dense_layer_has_no_places(self) -> None:
        found = strongest(np.array([[1.0, 4.0], [3.0, 2.0]], np.float32), 5)
        assert found.images.tolist() == [[1, 0], [0, 1]]
        assert not found.places.any()
        assert found.values.tolist() == [[3, 1], [4, 2]]

    def test_nan_comes_last_and_stays_itself(self) -> None:
        found = strongest(np.array([[np.nan], [1.0]], np.float32), 2)
        assert found.images.tolist() == [[1, 0]]
        assert np.isnan(found.values[0, 1])


class TestFields:
    @pytest.mark.parametrize("rule", ["plain", "deconvnet", "guided"])
    @pytest.mark.parametrize("layer", ["conv0", "relu0", "pool0", "conv1", "dense0"])
    def test_places_asked_alone_answer_as_on_the_whole_image(
        self, layer: str, rule: ReluRule
    ) -> None:
        network = colour()
        network._room = 7
        probe = probe_for(network, count=5).images
        draw = np.random.default_rng(3)
        shape = network.layer(layer).shape
        count = 20
        places = np.zeros((count, 2), np.int64)
        if len(shape) == 3:
            places = np.stack([draw.integers(side, size=count) for side in shape[1:]], axis=1)
        objective = Objective(
            layer,
            units=draw.integers(shape[0], size=count),
            place=places,
            output_gradients=draw.standard_normal(count).astype(np.float32),
        )
        chosen = draw.integers(5, size=count)
        wanted = network.gradient(probe[chosen], objective, rule=rule).gradient
        found = np.full_like(wanted, np.nan)
        for piece in place_gradients(network, probe, chosen, objective, rule=rule):
            top, left = piece.corner
            _, height, width = piece.values.shape
            found[piece.question] = 0
            found[piece.question, :, top : top + height, left : left + width] = piece.values
        assert np.allclose(found, wanted, atol=1e-6)

    def test_places_within_the_image_are_asked_on_their_field_alone(self) -> None:
        network = colour()
        image = probe_for(network, count=1).images
        places = np.array([[5, 5], [0, 0]])
        objective = Objective("conv0", np.zeros(2, np.int64), places)
        chosen = np.zeros(2, np.int64)
        pieces = {
            piece.question: piece for piece in place_gradients(network, image, chosen, objective)
        }
        assert (pieces[0].corner, pieces[0].values.shape) == ((4, 4), (3, 3, 3))
        assert (pieces[1].corner, pieces[1].values.shape) == ((0, 0), (3, 12, 12))
