"""Views of parameters show the model's own numbers, and asking for them changes none."""

from __future__ import annotations

import numpy as np

from vizframe.gluon.compat import mx
from vizframe.gluon.view import view
from vizframe.network.parameter import parameter_views
from vizframe.testing.networks import ordinary


def test_views_follow_the_weights_and_say_what_is_trained() -> None:
    net = mx.gluon.nn.HybridSequential()
    net.add(mx.gluon.nn.Dense(3, in_units=4), mx.gluon.nn.BatchNorm(in_channels=3))
    net.initialize(mx.init.One())
    net[0].bias.grad_req = "add"
    found = {each.name: each for each in parameter_views(view(net, (4,)))}
    assert set(found) == {
        "0.weight", "0.bias", "1.gamma", "1.beta", "1.running_mean", "1.running_var"
    }  # fmt: skip
    weight = found["0.weight"]
    assert (weight.is_kernel, weight.is_trained, weight.adds, weight.layer) == (
        True,
        True,
        False,
        "0",
    )
    assert found["0.bias"].adds
    assert not found["1.running_mean"].is_trained
    net[0].weight.set_data(mx.nd.full((3, 4), 7))
    assert (weight.values() == 7).all()
    with mx.autograd.record():
        loss = net(mx.nd.ones((2, 4))).sum()
    loss.backward()
    gradient = weight.gradient()
    assert gradient is not None
    assert np.array_equal(gradient, net[0].weight.grad().asnumpy())


def test_a_network_without_views_of_its_own_gives_copies() -> None:
    network = ordinary()
    found = parameter_views(network)
    assert {each.layer for each in found} == {n.name for n in network.layers if n.parameters}
    for each in found:
        short = each.name.removeprefix(f"{each.layer}.")
        assert np.array_equal(each.values(), network.weights(each.layer)[short])
        assert each.gradient() is None


def test_views_say_which_parameters_a_trainer_holds() -> None:
    net = mx.gluon.nn.HybridSequential()
    net.add(*(mx.gluon.nn.Dense(3, in_units=3) for _ in range(3)))
    net.initialize()
    held = {v.name: v.is_updated for v in parameter_views(view(net, (3,))) if v.is_kernel}
    assert [each() for each in held.values()] == [None] * 3
    net[2].weight.lr_mult = 0
    mx.gluon.Trainer([net[1].weight, net[2].weight], "sgd")
    assert [each() for each in held.values()] == [False, True, False]
