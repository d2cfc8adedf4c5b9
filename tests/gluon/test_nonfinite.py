"""One sick unit: its neighbours and what comes behind are asked as if it were switched off."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from vizframe.gluon.compat import mx
from vizframe.gluon.graph.parameters import Parameters
from vizframe.gluon.imperative import ImperativeNetwork
from vizframe.gluon.network import GluonNetwork
from vizframe.graph.settings import Settings
from vizframe.network import FloatArray, Network, Objective, ReluRule
from vizframe.network.layer import select
from vizframe.network.probe import Probe
from vizframe.plugin import Scene
from vizframe.plugin.frame import Frame
from vizframe.plugin.registry import Registry

nn = mx.gluon.nn

SHAPE = (3, 16, 16)
IMAGES = np.random.default_rng(5).random((3, *SHAPE), np.float32)
SICK = 2


def net_with(value: float | None, *, layer: int = 3, norm: bool = True) -> Any:
    """Two convolutions and a dense layer; one unit of ``layer`` holds ``value``, or is off."""
    net = nn.HybridSequential()
    net.add(nn.Conv2D(8, 3), nn.BatchNorm() if norm else nn.Activation("relu"))
    net.add(nn.Activation("relu"), nn.Conv2D(8, 3), nn.Activation("relu"))
    net.add(nn.MaxPool2D(2), nn.Dense(4))
    net.initialize(mx.init.Zero())
    net(mx.nd.zeros((1, *SHAPE)))
    draw = np.random.default_rng(0)
    for each in net.collect_params("weight|bias").values():
        each.set_data(mx.nd.array(0.2 * draw.standard_normal(each.shape)))
    weight, bias = net[layer].weight.data().asnumpy(), net[layer].bias.data().asnumpy()
    weight[SICK, 0, 0, 0] = value or 0
    if value is None:
        weight[SICK], bias[SICK] = 0, 0
    net[layer].weight.set_data(mx.nd.array(weight))
    net[layer].bias.set_data(mx.nd.array(bias))
    return net


def seen(net: Any, imperative: bool = False) -> Network:
    if imperative:
        return ImperativeNetwork(net, Parameters.of_block(net), Settings(SHAPE), "a test")
    return GluonNetwork.of(net, SHAPE)


def excite(network: Network, objective: Objective, rule: ReluRule, exact: bool) -> FloatArray:
    """The gradient of each unit on the middle of one image."""
    with network.excitation(objective, rule=rule, exact_field=exact) as excitation:
        count, _, height, width = excitation.shape
        top, left = (SHAPE[1] - height) // 2, (SHAPE[2] - width) // 2
        cut = IMAGES[:1, :, top : top + height, left : left + width]
        given = np.ascontiguousarray(np.repeat(cut, count, axis=0))
        _, gradient = excitation.evaluate(excitation.ops.to_device(given))
        return excitation.ops.to_numpy(gradient)


@pytest.mark.parametrize("rule", ["plain", "guided", "deconvnet"])
@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize("layer", ["3", "4", "5", "6"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_healthy_units_have_the_gradient_of_a_net_without_the_sick_one(
    value: float, layer: str, exact: bool, rule: ReluRule
) -> None:
    objective = Objective.of(layer, [0, 1, 3], "centre")
    found = excite(seen(net_with(value)), objective, rule, exact)
    wanted = excite(seen(net_with(None)), objective, rule, exact)
    values = seen(net_with(value)).activations(IMAGES, [layer])[layer][0, [0, 1, 3]]
    known = np.isfinite(values.reshape(3, -1)).all(axis=1)
    assert known.all() or not np.isnan(value)
    np.testing.assert_allclose(found[known], wanted[known], rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("imperative", [False, True])
@pytest.mark.parametrize("layer", ["3", "6"])
def test_gradients_of_whole_images_too(layer: str, imperative: bool) -> None:
    objective = Objective.of(layer, [0, 1, 3], "mean")
    sick, off = seen(net_with(np.nan), imperative), seen(net_with(None), imperative)
    found, wanted = sick.gradient(IMAGES, objective), off.gradient(IMAGES, objective)
    np.testing.assert_allclose(found.values, wanted.values, rtol=1e-5)
    np.testing.assert_allclose(found.gradient, wanted.gradient, rtol=1e-5, atol=1e-7)
    taps = sick.gradients(IMAGES, objective, ["0"])
    np.testing.assert_allclose(
        taps.gradients["0"], off.gradients(IMAGES, objective, ["0"]).gradients["0"],
        rtol=1e-5, atol=1e-7,
    )  # fmt: skip


@pytest.mark.parametrize("imperative", [False, True])
def test_the_sick_unit_itself_has_none(imperative: bool) -> None:
    network = seen(net_with(np.nan), imperative)
    assert np.isnan(network.gradient(IMAGES, Objective.of("3", [SICK] * 3)).gradient).any()
    found = excite(network, Objective.of("3", [0, SICK]), "plain", False)
    assert np.isfinite(found[0]).all()
    assert np.isnan(found[1]).all()


def test_a_unit_that_recovers_is_asked_with_its_new_weights() -> None:
    net = net_with(np.nan)
    network, objective = seen(net), Objective.of("3", [0, SICK])
    assert np.isnan(excite(network, objective, "plain", True)[1]).all()
    net[3].weight.set_data(net_with(None)[3].weight.data() + 0.01)
    assert np.isfinite(excite(network, objective, "plain", True)).all()
    net[3].weight.set_data(net_with(np.nan)[3].weight.data())
    assert np.isnan(excite(network, objective, "plain", True)[1]).all()


def frames(net: Any, plugin: str, **options: object) -> dict[tuple[str, str], Frame]:
    network = seen(net)
    scene = Scene(network, select(network.layers, ["3", "6"]), Probe(IMAGES))
    made = Registry.discover().load(plugin).configured(options).visualize(scene)
    return {(frame.layer, frame.part): frame for frame in made}


def test_ascent_draws_all_units_but_the_sick_one_and_marks_that() -> None:
    made = frames(net_with(np.nan), "gradient_ascent", iterations=4)
    finite = np.isfinite(made["3", ""].values).all(axis=(1, 2, 3))
    assert np.flatnonzero(~finite).tolist() == [SICK]
    assert "An activation that is not finite: unit 2" in made["3", ""].notes
    assert not made["3", ""].columns["converged"][SICK]
    assert np.isfinite(made["6", ""].values).all()


def test_class_visualization_and_deconvolution_draw_what_lies_behind() -> None:
    net = net_with(np.nan)
    made = frames(net, "class_visualization", iterations=4)
    assert np.isfinite(made["6", ""].values).all()
    deconvolved = frames(net, "deconvolution", top=2)
    finite = np.isfinite(deconvolved["3", ""].values).all(axis=(1, 2, 3, 4))
    assert np.flatnonzero(~finite).tolist() == [SICK]
    assert np.isfinite(deconvolved["6", ""].values).all()
