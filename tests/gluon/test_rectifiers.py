"""ReLUs are known by any spelling, and follow the rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from vizframe.attribution.rule_notes import rule_notes
from vizframe.gluon.compat import mx
from vizframe.gluon.view import view
from vizframe.network import Network, Objective, ReluRule

nn = mx.gluon.nn
SHAPE = (2, 9, 9)
Spelling = Callable[[Any, Any], Any]

SPELLINGS: dict[str, Spelling] = {
    "relu": lambda F, x: F.relu(x),
    "Activation": lambda F, x: F.Activation(x, act_type="relu"),
    "LeakyReLU": lambda F, x: F.LeakyReLU(x, act_type="leaky", slope=0.0),
    "maximum": lambda F, x: F.maximum(x, 0),
    "broadcast_maximum": lambda F, x: F.broadcast_maximum(F.zeros_like(x), x),
    "clip": lambda F, x: F.clip(x, 0, 1e9),
    "where": lambda F, x: F.where(x > 0, x, F.zeros_like(x)),
    "where not less": lambda F, x: F.where(x >= 0, x, x * 0),
    "where less": lambda F, x: F.where(x < 0, F.zeros_like(x), x),
    "where zeros are greater": lambda F, x: F.where(
        F.broadcast_greater(F.zeros_like(x), x), x * 0, x
    ),
    "times its sign": lambda F, x: x * (x > 0),
    "its sign times it": lambda F, x: F.broadcast_mul(F.cast(x > 0, "float32"), x),
    "half of x + |x|": lambda F, x: (x + F.abs(x)) / 2,
    "half of |x| + x": lambda F, x: 0.5 * (F.abs(x) + x),
    "negative of a minimum": lambda F, x: -F.minimum(-x, 0),
}
NO_RELU: dict[str, Spelling] = {
    "LeakyReLU": lambda F, x: F.LeakyReLU(x, act_type="leaky", slope=0.1),
    "elu": lambda F, x: F.LeakyReLU(x, act_type="elu"),
    "another's sign": lambda F, x: x * (F.square(x) > 0),
    "where more": lambda F, x: F.where(x < 0, x, F.zeros_like(x)),
    "where not": lambda F, x: F.where(x > 0, F.zeros_like(x), x),
    "above one": lambda F, x: F.maximum(x, 1),
    "clip from below zero": lambda F, x: F.clip(x, -1, 1),
    "swish": lambda F, x: x * F.sigmoid(x),
}


class Spelled(mx.gluon.HybridBlock):  # type: ignore[misc]  # MXNet ships no types
    def __init__(self, spelling: Spelling) -> None:
        super().__init__()
        self._spelling = spelling
        with self.name_scope():
            self.a, self.b, self.c = nn.Conv2D(4, 3), nn.Conv2D(5, 3), nn.Dense(3)

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        return self.c(self._spelling(F, self.b(self._spelling(F, self.a(x)))))


def made(spelling: Spelling) -> Network:
    mx.random.seed(3)
    net = Spelled(spelling)
    net.initialize(mx.init.Xavier(magnitude=6))
    net(mx.nd.ones((1, *SHAPE)))
    return view(net, SHAPE)


IMAGES = np.random.default_rng(0).standard_normal((3, *SHAPE)).astype(np.float32)
SCORES = Objective.of("c", [0, 1, 2])


@pytest.mark.parametrize("spelling", [name for name in SPELLINGS if name != "relu"])
def test_every_spelling_obeys_the_rules(spelling: str) -> None:
    usual, seen = made(SPELLINGS["relu"]), made(SPELLINGS[spelling])
    assert [layer.rectifies for layer in seen.layers].count(True) == 2
    assert any(layer.rectifies and layer.nonnegative for layer in seen.layers)
    rules: tuple[ReluRule, ...] = ("plain", "guided", "deconvnet", "redirected")
    for rule in rules:
        wanted = usual.gradient(IMAGES, SCORES, rule=rule).gradient
        found = seen.gradient(IMAGES, SCORES, rule=rule).gradient
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5)
    ends = [layer.name for layer in seen.layers if layer.rectifies]
    with seen.excitation(Objective.of(ends[-1], [1, 4]), rule="guided") as excitation:
        given = IMAGES[:2, :, : excitation.shape[2], : excitation.shape[3]]
        values, _ = excitation.evaluate(excitation.ops.to_device(given))
        assert (excitation.ops.to_numpy(values) >= 0).all()
    assert rule_notes(seen) == ()


@pytest.mark.parametrize("spelling", NO_RELU)
def test_what_is_no_relu_is_left_alone(spelling: str) -> None:
    seen = made(NO_RELU[spelling])
    assert not any(layer.rectifies for layer in seen.layers)
    plain = seen.gradient(IMAGES, SCORES).gradient
    assert np.array_equal(seen.gradient(IMAGES, SCORES, rule="guided").gradient, plain)
    (note,) = rule_notes(seen)
    assert "has no ReLU, so the rule changed nothing" in note


def test_a_net_of_both_says_what_the_rule_was_applied_to() -> None:
    net = nn.HybridSequential()
    net.add(nn.Conv2D(4, 3), nn.Activation("relu"), nn.Conv2D(4, 3), nn.ELU(), nn.Dense(2))
    net.initialize()
    net(mx.nd.ones((1, *SHAPE)))
    (note,) = rule_notes(view(net, SHAPE))
    assert note == "The rule holds for 1 ReLU; 1 other activation passed the gradient as it is"
