"""The reference network is right by finite differences and by hand, and passes its own contract."""

from __future__ import annotations

import numpy as np
import pytest

from vizframe.errors import NetworkError, UsageError
from vizframe.network import Network, Objective, ReluRule
from vizframe.testing.network import Case, NetworkContract
from vizframe.testing.networks import colour, ordinary, probe_for
from vizframe.testing.reference import Dense, Flatten, MaxPool, ReferenceNetwork, Relu


class TestReferenceNetwork(NetworkContract):
    def adapt(self, reference: ReferenceNetwork) -> Network:
        return reference

    def adapt_case(self, case: Case) -> Network:
        return case.reference


@pytest.mark.parametrize("layer", ["conv0", "relu0", "pool0", "conv1", "relu1", "flat", "dense0"])
def test_gradients_are_those_of_finite_differences(layer: str) -> None:
    network = colour()
    image = probe_for(network, count=1).images.astype(np.float64)
    operations = network.part(layer)
    draw = np.random.default_rng(5)
    for _ in range(5):
        unit = int(draw.integers(network.layer(layer).units))
        objective = Objective.of(layer, [unit], "mean")
        gradient = network.gradient(image.astype(np.float32), objective).gradient
        place = tuple(draw.integers(size) for size in image.shape)
        ends = []
        for sign in (1, -1):
            moved = image.copy()
            moved[place] += sign * 1e-5
            given = moved
            for operation in operations.values():
                given = operation.forward(given)
            ends.append(given[0, unit].mean())
        assert gradient[place] == pytest.approx((ends[0] - ends[1]) / 2e-5, rel=1e-3, abs=1e-6)


@pytest.mark.parametrize(
    ("rule", "back"),
    [
        # input f = (1, −1, 1, −1), signal R = (2, 3, −4, −5)
        ("plain", [2, 0, -4, 0]),
        ("deconvnet", [2, 3, 0, 0]),
        ("guided", [2, 0, 0, 0]),
        ("redirected", [2, 3, -4, 0]),
    ],
)
def test_the_four_relu_rules_by_hand(rule: ReluRule, back: list[float]) -> None:
    given, signal = np.array([[1.0, -1, 1, -1]]), np.array([[2.0, 3, -4, -5]])
    assert Relu().backward(signal, given, rule).tolist() == [back]


def test_unpooling_goes_to_the_recorded_switch_and_the_first_of_equals() -> None:
    maps = np.array([[[[1.0, 3, 5, 5], [2, 0, 5, 5]]]])
    assert MaxPool(2).forward(maps).tolist() == [[[[3, 5]]]]
    back = MaxPool(2).backward(np.array([[[[7.0, 9]]]]), maps, "plain")
    assert back.tolist() == [[[[0, 7, 9, 0], [0, 0, 0, 0]]]]


def test_receptive_fields_by_hand() -> None:
    fields = {layer.name: layer.receptive_field for layer in ordinary().layers}
    conv1 = fields["conv1"]
    assert conv1 is not None
    # 3×3 padded, 2×2 pool, 3×3: size 3 + 1 + 2·2 = 8, stride 2, centre of place 0 at 2.5
    assert (conv1.size, conv1.stride, conv1.offset) == ((8, 8), (2, 2), (2.5, 2.5))
    assert conv1.box(0, 0) == (-1, -1, 7, 7)
    assert fields["dense0"] is None


def test_a_field_that_passes_the_rim_is_not_exact() -> None:
    network = ordinary(side=8)
    with network.excitation(Objective.of("conv1", [0])) as excitation:
        assert not excitation.exact_field
        assert excitation.shape == (1, 1, 8, 8)


def test_units_and_images_must_match() -> None:
    network = ReferenceNetwork(
        {"flat": Flatten(), "dense": Dense(np.ones((2, 4), np.float32), np.zeros(2, np.float32))},
        input_shape=(1, 2, 2),
    )
    images = np.ones((2, 1, 2, 2), np.float32)
    with pytest.raises(NetworkError, match=r"has 1 units for 2 images; it can be one for each"):
        network.gradient(images, Objective.of("dense", [0]))
    with pytest.raises(UsageError, match=r"unit is 2; it can be 0 to 1 in layer 'dense'"):
        network.gradient(images, Objective.of("dense", [0, 2]))
