"""A unit asked on its field alone answers as on the whole image: value, and gradient everywhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vizframe.gluon.compat import mx
from vizframe.gluon.network import GluonNetwork
from vizframe.gluon.question.excitation import GluonExcitation
from vizframe.network import Objective

nn = mx.gluon.nn


@dataclass(frozen=True)
class Step:
    """One operator of a random chain, beside a skip where it is a pair of equal ones."""

    kind: str
    kernel: int
    stride: int
    pad: int
    dilate: int
    skip: bool


STEPS = st.builds(
    Step,
    kind=st.sampled_from(["conv", "conv", "max", "average", "grouped", "ceil"]),
    kernel=st.integers(1, 4),
    stride=st.integers(1, 3),
    pad=st.integers(0, 1),
    dilate=st.integers(1, 2),
    skip=st.booleans(),
)


class Skipping(mx.gluon.HybridBlock):  # type: ignore[misc]  # MXNet ships no types
    """x + conv(relu(x)), or both beside each other."""

    def __init__(self, dilate: int, *, beside: bool) -> None:
        super().__init__()
        self._beside = beside
        with self.name_scope():
            self.conv = nn.Conv2D(4, 3, padding=dilate, dilation=dilate)

    def hybrid_forward(self, F: Any, features: Any) -> Any:
        made = self.conv(F.relu(features))
        return F.concat(features, made, dim=1) if self._beside else features + made


def block(step: Step) -> Any:
    pad = min(step.pad, step.kernel // 2)
    match step.kind:
        case "max" | "average":
            kind = nn.AvgPool2D if step.kind == "average" else nn.MaxPool2D
            return kind(step.kernel, step.stride, pad)
        case "ceil":
            # A larger stride, or padding, can leave a window with no pixel at all, of which
            # MXNet's maximum is the lowest number there is; gradients through it are NaN.
            return nn.MaxPool2D(step.kernel, min(step.stride, step.kernel), ceil_mode=True)
        case "grouped":
            return nn.Conv2D(4, step.kernel, step.stride, pad, groups=2)
        case _:
            return nn.Conv2D(4, step.kernel, step.stride, pad, dilation=step.dilate)


def net_of(steps: list[Step]) -> Any:
    mx.random.seed(1)
    net = nn.HybridSequential()
    net.add(nn.Conv2D(4, 3, padding=1))
    for step in steps:
        net.add(block(step))
        if step.skip:
            net.add(Skipping(step.dilate, beside=step.pad == 1), nn.Conv2D(4, 1))
    net.add(nn.Activation("relu"), nn.Conv2D(3, 2, padding=1))
    net.initialize(mx.init.Xavier())
    return net


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=st.lists(STEPS, max_size=4), sides=st.tuples(st.integers(24, 60), st.integers(24, 60)))
def test_a_field_answers_as_the_whole_image_does(steps: list[Step], sides: tuple[int, int]) -> None:
    net = net_of(steps)
    try:
        answer = net(mx.nd.zeros((1, 2, *sides)))
    except (mx.MXNetError, ValueError):
        return  # the chain is deeper than the image: no such net can be trained
    if 0 in answer.shape:
        return
    network = GluonNetwork.of(net, (2, *sides))
    images = np.random.default_rng(0).standard_normal((2, 2, *sides)).astype(np.float32)
    for layer in (network.layers[-1], network.layers[len(network.layers) // 2]):
        objective = Objective.of(layer.name, [0, 2])
        whole = network.gradient(images, objective)
        assert layer.receptive_field is not None
        top, left, bottom, right = layer.receptive_field.box(
            layer.shape[1] // 2, layer.shape[2] // 2
        )
        inside = whole.gradient[:, :, max(top, 0) : bottom, max(left, 0) : right]
        assert np.count_nonzero(inside) == np.count_nonzero(whole.gradient)
        with network.excitation(objective) as excitation:
            height, width = excitation.shape[2:]
            if not excitation.exact_field:
                assert (height, width) == sides
                continue
            assert height <= bottom - top
            assert width <= right - left
            assert (height < sides[0]) or (width < sides[1])
            assert isinstance(excitation, GluonExcitation)
            y, x = excitation.corner
            part = (slice(None), slice(None), slice(y, y + height), slice(x, x + width))
            values, gradient = excitation.evaluate(excitation.ops.to_device(images[part].copy()))
            largest = max(1e-6, float(abs(whole.gradient).max()))
            found = excitation.ops.to_numpy(gradient)
            assert abs(found - whole.gradient[part]).max() <= 1e-5 * largest
            np.testing.assert_allclose(
                excitation.ops.to_numpy(values), whole.values, rtol=1e-4, atol=1e-5
            )
