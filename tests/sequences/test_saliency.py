"""Which tokens a score rests on; gates' weights apart; what says plainly that it needs pictures."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.sequences.forms import FORMS, STEPS, TEXTS, TOKENS, UNITS, WIDTH, scene_of
from vizframe.errors import Inapplicable
from vizframe.gluon.compat import mx
from vizframe.gluon.view import view
from vizframe.network import FloatArray
from vizframe.network.layer import select
from vizframe.network.probe import probe_of
from vizframe.plugin import Scene
from vizframe.plugins.class_visualization import ClassVisualization
from vizframe.plugins.deconvolution import Deconvolution
from vizframe.plugins.gradient_ascent import GradientAscent
from vizframe.plugins.saliency import Saliency
from vizframe.plugins.weights import Weights
from vizframe.recording.declare import checked_frames
from vizframe.sequences.saliency import token_saliency


def bag_of_words() -> tuple[Scene, FloatArray]:
    """A network whose classes add up what each word says for them, and what that is."""
    nn = mx.gluon.nn
    net = nn.HybridSequential()
    net.add(
        nn.Embedding(TOKENS, WIDTH), nn.HybridLambda(lambda F, x: F.sum(x, axis=1)), nn.Dense(3)
    )
    mx.random.seed(0)
    net.initialize(mx.init.Normal(0.5))
    tokens = np.random.default_rng(1).integers(0, TOKENS, (TEXTS, STEPS)).astype(np.float32)
    net(mx.nd.array(tokens))
    network = view(net, (STEPS,))
    said = net[0].weight.data().asnumpy() @ net[2].weight.data().asnumpy().T
    scene = Scene(network, select(network.layers), probe_of(tokens))
    return scene, said


def test_what_words_add_to_a_class_that_adds_them_up_is_what_they_say() -> None:
    scene, said = bag_of_words()
    found = token_saliency(scene, None)
    best = scene.network.scores(scene.probe.images).argmax(axis=1)
    assert found.units.tolist() == best.tolist()
    ids = scene.probe.images.astype(int)
    np.testing.assert_allclose(found.signed, said[ids, best[:, None]], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(found.signed.sum(1), found.scores, rtol=1e-4, atol=1e-4)
    assert np.ptp(found.size, axis=1).max() < 1e-5  # every word could change it alike


@pytest.mark.parametrize("form", ["lstm", "gru, time first", "state", "begin state"])
def test_each_token_has_a_number(form: str) -> None:
    frames = {frame.part: frame for frame in checked_frames(Saliency(), scene_of(FORMS[form]))}
    assert set(frames) == {"tokens", "tokens_signed"}
    size = frames["tokens"].values
    assert size.shape == (TEXTS, STEPS)
    assert (size > 0).all()
    assert (np.abs(frames["tokens_signed"].values) > 0).all()


def test_sensors_are_explained_step_by_step() -> None:
    net = mx.gluon.nn.HybridSequential()
    net.add(mx.gluon.rnn.GRU(5, layout="NTC"))
    net.initialize(mx.init.Normal(0.5))
    inputs = np.random.default_rng(0).standard_normal((3, 7, 2)).astype(np.float32)
    net(mx.nd.array(inputs))
    network = view(net, (7, 2))
    found = token_saliency(Scene(network, network.layers, probe_of(inputs)), None)
    assert found.size.shape == (3, 7)
    assert (found.size > 0).all()


@pytest.mark.parametrize(
    ("form", "gates", "rows"),
    [("lstm", 4, UNITS), ("gru both ways", 3, 2 * UNITS), ("rnn of relus", 1, UNITS)],
)
def test_the_weights_of_gates_are_shown_apart(form: str, gates: int, rows: int) -> None:
    scene = scene_of(FORMS[form])
    frames = {f.part: f for f in checked_frames(Weights(), scene) if f.layer == "rnn"}
    assert len(frames) == 2 * gates
    widths = {part: frame.values.shape for part, frame in frames.items()}
    assert {shape for part, shape in widths.items() if part.endswith("inputs")} == {
        (1, rows, WIDTH)
    }
    assert {shape for part, shape in widths.items() if part.endswith("own")} == {(1, rows, UNITS)}
    whole = scene.network.weights("rnn")
    last = "candidate" if gates == 3 else "output_gate" if gates == 4 else "hidden"
    wanted = whole["l0_h2h_weight"][-UNITS:]
    assert np.array_equal(frames[f"{last}_own"].values[0, :UNITS], wanted)


@pytest.mark.parametrize("plugin", [GradientAscent(), ClassVisualization(), Deconvolution()])
def test_what_draws_pictures_says_plainly_that_texts_are_none(plugin: Any) -> None:
    scene = scene_of(FORMS["lstm"])
    with pytest.raises(Inapplicable, match=r"the network's input has shape \(12,\); it can be"):
        list(plugin.visualize(replace(scene, step=1)))
