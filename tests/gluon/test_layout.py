"""Asking leaves parameters where all of MXNet, a dist kvstore above all, can read them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from vizframe.gluon.arrays.layout import restore_layout
from vizframe.gluon.compat import mx
from vizframe.gluon.view import view
from vizframe.network import Network, Objective

nn = mx.gluon.nn
IMAGES = np.random.default_rng(0).standard_normal((4, 1, 12, 12)).astype(np.float32)


class Branching(mx.gluon.Block):  # type: ignore[misc]  # MXNet ships no types
    """Decides in Python, so it has no graph."""

    def __init__(self) -> None:
        super().__init__()
        with self.name_scope():
            self.first = nn.Conv2D(8, 3)
            self.last = nn.Dense(16)

    def forward(self, images: Any) -> Any:
        features = self.first(images)
        return self.last(features if features.sum().asscalar() > 0 else -features)


def compiled_net() -> Any:
    net = nn.HybridSequential()
    net.add(nn.Conv2D(8, 3, activation="relu"), nn.MaxPool2D(2), nn.Conv2D(16, 3), nn.Dense(16))
    return net


def trained_once(net: Any) -> Any:
    """As a recorder meets it: initialised, and just after a backward pass."""
    net.initialize(mx.init.Xavier())
    with mx.autograd.record():
        loss = net(mx.nd.array(IMAGES)).sum()
    loss.backward()
    return net


def ask_everything(network: Network) -> None:
    names = [layer.name for layer in network.layers]
    network.activations(IMAGES, names)
    network.scores(IMAGES)
    network.gradient(IMAGES, Objective.of(names[0], [0, 1, 2, 3]))
    network.gradient(IMAGES, Objective.of(names[-1], [0, 1, 2, 3]), at=names[0])
    with network.excitation(Objective.of(names[0], [0, 1])) as excitation:
        excitation.evaluate(excitation.ops.to_device(np.zeros(excitation.shape, np.float32)))
    with network.randomized(1) as control:
        control.scores(IMAGES)


def has_own_layout(array: Any) -> bool:
    """Whether a function of MXNet that reads memory, such as a push to a server, can read it."""
    try:
        array.to_dlpack_for_read()
    except mx.MXNetError as error:
        if "MKLDNN" in str(error):
            return False
        raise
    return True


@pytest.mark.parametrize("make", [compiled_net, Branching])
def test_parameters_have_mxnet_s_own_layout_after_every_question(make: Any) -> None:
    net = trained_once(make())
    parameters = net.collect_params().values()
    ask_everything(view(net, IMAGES.shape[1:]))
    assert [each.name for each in parameters if not has_own_layout(each.data())] == []


def test_a_plain_pass_in_predict_mode_does_re_lay_which_restoring_undoes() -> None:
    net = trained_once(compiled_net())
    weight = net[0].weight.data()
    before = weight.asnumpy()
    output = net(mx.nd.array(IMAGES))
    output.wait_to_read()
    mx.nd.waitall()
    assert not has_own_layout(weight)
    restore_layout([weight], [output])
    assert has_own_layout(weight)
    np.testing.assert_array_equal(weight.asnumpy(), before)
