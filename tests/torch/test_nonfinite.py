"""One sick unit: its neighbours are asked as if it were switched off."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from vizframe.network import FloatArray, Network, Objective
from vizframe.network.layer import select
from vizframe.network.probe import Probe
from vizframe.plugin import Scene
from vizframe.plugin.registry import Registry
from vizframe.torch.view import view

nn = torch.nn

SHAPE = (3, 12, 12)
IMAGES = np.random.default_rng(5).random((3, *SHAPE)).astype(np.float32)
SICK = 2


def seen(value: float | None) -> Network:
    """Two convolutions; one unit of the second holds ``value``, or is off."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(8, 8, 3), nn.ReLU())
    second = net[2]
    assert isinstance(second, nn.Conv2d)
    assert second.bias is not None
    with torch.no_grad():
        if value is None:
            second.weight[SICK], second.bias[SICK] = 0, 0
        else:
            second.weight[SICK, 0, 0, 0] = value
    return view(net, SHAPE)


def excite(network: Network, objective: Objective, exact: bool) -> FloatArray:
    with network.excitation(objective, exact_field=exact) as excitation:
        given = np.full(excitation.shape, 0.3, np.float32)
        _, gradient = excitation.evaluate(excitation.ops.to_device(given))
        return excitation.ops.to_numpy(gradient)


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("exact", [True, False])
def test_healthy_units_have_the_gradient_of_a_net_without_the_sick_one(
    value: float, exact: bool
) -> None:
    objective = Objective.of("2", [0, SICK, 3])
    found, wanted = (excite(seen(each), objective, exact) for each in (value, None))
    np.testing.assert_allclose(found[[0, 2]], wanted[[0, 2]], rtol=1e-5)
    assert np.isnan(found[1]).all()
    whole, off = (seen(each).gradient(IMAGES, objective) for each in (value, None))
    np.testing.assert_allclose(whole.gradient[[0, 2]], off.gradient[[0, 2]], rtol=1e-5)
    taps = seen(value).gradients(IMAGES, Objective.of("2", [0, 1, 3]), ["0"])
    assert np.isfinite(taps.gradients["0"]).all()


def test_ascent_draws_all_units_but_the_sick_one() -> None:
    network = seen(np.nan)
    scene = Scene(network, select(network.layers, ["2"]), Probe(IMAGES))
    plugin = Registry.discover().load("gradient_ascent").configured({"iterations": 3})
    (frame,) = plugin.visualize(scene)
    finite = np.isfinite(frame.values).all(axis=(1, 2, 3))
    assert np.flatnonzero(~finite).tolist() == [SICK]
