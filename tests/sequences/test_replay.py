"""What a recurrent layer does inside is what its own operator computes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.sequences.forms import FORMS, scene_of
from vizframe.gluon.compat import mx
from vizframe.network import FloatArray
from vizframe.plugins.recurrent import Recurrent
from vizframe.recording.declare import checked_frames
from vizframe.sequences.replay import replay, sigmoid, stack_of

rnn = mx.gluon.rnn


def replayed(layer: Any, inputs: FloatArray, states: Any = None) -> tuple[float, float]:
    """How far output and last cell are from the operator's own."""
    begin = layer.begin_state(batch_size=len(inputs)) if states is None else states
    output, last = layer(mx.nd.array(inputs).swapaxes(0, 1), begin)
    weights = {n: each.data().asnumpy() for n, each in layer._reg_params.items()}
    stack = stack_of(weights)
    assert stack is not None
    found = replay(inputs, stack, tuple(each.asnumpy() for each in begin))
    own = output.asnumpy().swapaxes(0, 1)
    hidden = float(np.abs(found[-1]["hidden"] - own).max())
    if len(last) == 1 or len(stack[0]) == 2:
        return hidden, 0.0
    return hidden, float(np.abs(found[-1]["cell"][:, -1] - last[1].asnumpy()[-1]).max())


@pytest.mark.parametrize("kind", [rnn.LSTM, rnn.GRU])
@pytest.mark.parametrize(("layers", "both"), [(1, False), (2, False), (2, True)])
def test_a_fused_layer_of_128_units_is_replayed_to_a_millionth(
    kind: Any, layers: int, both: bool
) -> None:
    mx.random.seed(0)
    layer = kind(128, layers, bidirectional=both, input_size=24)
    layer.initialize(mx.init.Xavier())
    inputs = np.random.default_rng(0).standard_normal((3, 40, 24)).astype(np.float32)
    assert max(replayed(layer, inputs)) <= 1e-6
    states = [mx.nd.random.normal(shape=e.shape) for e in layer.begin_state(batch_size=3)]
    assert max(replayed(layer, inputs, states)) <= 2e-6


@pytest.mark.parametrize("kind", [rnn.LSTM, rnn.GRU, lambda *a, **k: rnn.RNN(*a, "tanh", **k)])
def test_a_large_and_saturated_layer_is_replayed_within_its_contract(kind: Any) -> None:
    mx.random.seed(0)
    layer = kind(200, 1, input_size=8)
    layer.initialize(mx.init.Normal(0.07))  # more, and it is chaotic: rounding grows step by step
    inputs = 20 * np.random.default_rng(0).standard_normal((2, 60, 8)).astype(np.float32)
    assert max(replayed(layer, inputs)) <= 1e-5


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_replayed_and_its_parts_are_tokens_by_units(form: str) -> None:
    scene = scene_of(FORMS[form])
    frames = {frame.part: frame for frame in checked_frames(Recurrent(images=None), scene)}
    layers = [each for each in scene.layers if each.is_recurrent]
    layer, hidden = layers[-1], frames["hidden"]
    turned = layer.name.endswith("r_cell")
    assert hidden.notes == (("It goes along the sequence from its end",) if turned else ())
    last = hidden.values if hidden.values.ndim == 3 else hidden.values[:, -1]
    output = scene.activations(layer).swapaxes(1, 2)
    np.testing.assert_allclose(last, output, atol=1e-5)
    assert hidden.values.shape[-1] == 12
    for part, frame in frames.items():
        if part.endswith("gate"):
            assert ((frame.values >= 0) & (frame.values <= 1)).all()
    if "cell" in frames:
        shown = frames["output_gate"].values * np.tanh(frames["cell"].values)
        np.testing.assert_allclose(shown, hidden.values, atol=1e-6)


def test_pytorch_s_names_and_mxnet_s_are_read_alike() -> None:
    draw = np.random.default_rng(0)
    shapes = {"ih weight": (12, 2), "hh weight": (12, 3), "ih bias": (12,), "hh bias": (12,)}
    made = {role: draw.standard_normal(shape).astype(np.float32) for role, shape in shapes.items()}
    ours = {f"l0_{r[0]}2h_{r.split()[1]}": each for r, each in made.items()}
    theirs = {f"{r.split()[1]}_{r[:2]}_l0": each for r, each in made.items()}
    inputs = draw.standard_normal((2, 5, 2)).astype(np.float32)
    one, two = (stack_of(each) for each in (ours, theirs))
    assert one is not None
    assert two is not None
    first, second = replay(inputs, one), replay(inputs, two)
    assert np.array_equal(first[0]["cell"], second[0]["cell"])


def test_parameters_that_are_no_recurrent_layer_s_are_not_replayed() -> None:
    ones = np.ones((5, 2), np.float32)
    assert stack_of({"weight": ones}) is None
    assert stack_of({"l0_i2h_weight": ones}) is None
    assert stack_of({"l0_i2h_weight": ones, "l0_h2h_weight": ones}) is None


def test_a_gate_that_is_far_out_does_not_overflow() -> None:
    with np.errstate(all="raise"):
        assert sigmoid(np.array([-1e4, 0, 1e4], np.float32)).tolist() == [0, 0.5, 1]
