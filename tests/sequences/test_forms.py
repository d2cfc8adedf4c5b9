"""Recurrent networks are seen alike, however they are written: time is time, a loop is a layer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import vizframe
from tests.sequences.forms import FORMS, STEPS, TEXTS, TOKENS, UNITS, WIDTH, Form, given, scene_of
from vizframe.gluon.compat import mx
from vizframe.network import Objective


@pytest.mark.parametrize("form", FORMS)
def test_its_layers_are_units_along_time(form: str) -> None:
    scene = scene_of(FORMS[form])
    kinds = [layer.kind for layer in scene.layers]
    cells = 2 if form == "cells both ways" else 1
    assert sorted(kinds) == sorted(["embedding", "dense", *["recurrent"] * cells])
    for layer in scene.layers:
        both = 2 if form in ("both ways", "gru both ways") else 1
        width = {"embedding": WIDTH, "dense": TOKENS}.get(layer.kind, UNITS * both)
        assert (layer.axes, layer.shape) == (("time", "unit"), (STEPS, width)), layer.name
    assert len(scene.network.layers) <= 8
    assert all(len(text) == STEPS for text in scene.probe.tokens)


@pytest.mark.parametrize("form", FORMS)
def test_what_a_layer_gives_is_what_the_network_gives(form: str) -> None:
    scene = scene_of(FORMS[form])
    net, arguments = given(FORMS[form])
    output = net(*arguments)
    scores = (output[0] if isinstance(output, (list, tuple)) else output).asnumpy()
    wanted = scores.swapaxes(0, 1) if FORMS[form].time_first else scores
    found = scene.network.scores(scene.probe.images)
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5)


def test_a_cell_that_reads_backwards_is_laid_along_time_forwards() -> None:
    scene = scene_of(FORMS["cells both ways"])
    back = next(layer for layer in scene.layers if layer.name.endswith("r_cell"))
    rows = scene.activations(back)
    changed = scene.probe.images.copy()
    changed[:, 0] = (changed[:, 0] + 1) % TOKENS  # the first token: what it reads last
    other = scene.network.activations(changed, [back.name])[back.name]
    assert np.array_equal(rows[:, 1:], other[:, 1:])
    assert not np.allclose(rows[:, 0], other[:, 0])


@pytest.mark.parametrize("form", ["cell unrolled", "cell in a loop", "loop in a graph"])
def test_a_folded_layer_has_a_gradient(form: str) -> None:
    scene = scene_of(FORMS[form])
    layer = next(each for each in scene.layers if each.kind == "recurrent")
    objective = Objective.of(layer.name, [3] * TEXTS, "mean")
    found = scene.network.gradient(scene.probe.images, objective, at=_embedding(scene))
    assert found.gradient.shape == (TEXTS, STEPS, WIDTH)
    np.testing.assert_allclose(found.values, scene.activations(layer)[..., 3].mean(1), rtol=1e-4)
    assert np.abs(found.gradient).max() > 0


def _embedding(scene: Any) -> str:
    return next(str(layer.name) for layer in scene.layers if layer.kind == "embedding")


def trained(form: Form, run: Any = None) -> list[Any]:
    """The weights after three steps, with or without a recording."""
    net, arguments = given(form)
    trainer = mx.gluon.Trainer(net.collect_params(), "adam", {"learning_rate": 0.01})
    recorder = None if run is None else vizframe.Recorder(net, run, every=1, strict=True)
    for _ in range(3):
        with mx.autograd.record():
            output = net(*arguments)
            scores = output[0] if isinstance(output, (list, tuple)) else output
            loss = (scores**2).mean()
        loss.backward()
        trainer.step(TEXTS)
        if recorder is not None:
            recorder.step()
    if recorder is not None:
        recorder.close()
    return [each.data().asnumpy() for each in net.collect_params().values()]


EIGHT = [
    "lstm",
    "gru, time first",
    "rnn of relus",
    "state",
    "begin state",
    "cell unrolled",
    "cell in a loop",
    "cells both ways",
    "all step by step",
]


@pytest.mark.parametrize("form", EIGHT)
def test_it_is_recorded_without_a_failure_and_ends_with_the_same_weights(
    form: str, tmp_path: Any
) -> None:
    alone, recorded = trained(FORMS[form]), trained(FORMS[form], tmp_path / "run")
    assert all(np.array_equal(one, two) for one, two in zip(alone, recorded, strict=True))
    with vizframe.open(tmp_path / "run") as run:
        assert list(run.failures) == []
        kinds = {kind for kind, _ in run}
        assert {"recurrent.hidden", "activation.sequence", "prediction.surprise"} <= kinds
        sizes = next(run[name].sizes for name in run if name[0] == "recurrent.hidden")
        assert (sizes["time"], sizes["unit"] % UNITS) == (STEPS, 0)
