"""What every plugin makes comes back from a run on disk, at any size: zeros as zeros, sums too."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import vizframe
import vizframe.store
from tests.sequences.forms import FORMS
from tests.sequences.forms import scene_of as scene_of_texts
from tests.sequences.test_attention import OfFourAxes, ready
from vizframe.errors import Inapplicable
from vizframe.gluon.call import batch_of
from vizframe.gluon.view import view
from vizframe.history import Declaration, StepRecord
from vizframe.network.layer import select
from vizframe.network.probe import probe_of
from vizframe.plugin import Plugin, Scene
from vizframe.plugin.frame import Frame
from vizframe.plugin.registry import Registry
from vizframe.recording.declare import checked_frames, declaration
from vizframe.testing.networks import ordinary
from vizframe.testing.plugin import scene_of
from vizframe.testing.runs import fake_info

QUICK: dict[str, dict[str, object]] = {
    "perturbation": {"masks": 8, "samples": 2, "methods": "rise,score_cam,expected", "cells": 3},
    "faithfulness": {"points": 3, "squares": 2, "samples": 1},
    "gradient_ascent": {"iterations": 2},
    "class_visualization": {"iterations": 2},
    "saliency": {
        "methods": "gradient,gradient_input,guided,integrated,occlusion,grad_cam,hires_cam",
        "steps": 16,
    },
}

SIZES = {0: 1e-30, 1: 1e-15, 2: 1e-4, 3: 1.0, 4: 1e4, 5: 1e15, 6: 1e30}
"""What the frames' values are multiplied by, per step."""


def scenes() -> Iterator[Scene]:
    """Small networks of images, of texts, and one whose heads attend."""
    yield scene_of(ordinary())
    yield scene_of_texts(FORMS["lstm"])
    yield scene_of_attention()


def scene_of_attention() -> Scene:
    net, tokens = ready(OfFourAxes)
    batch = batch_of(net, [tokens])
    network = view(net, batch.inputs.shape[1:], call=batch.call)
    return Scene(network, select(network.layers), probe_of(batch.inputs))


def make_frames(name: str) -> list[tuple[Declaration, Frame]]:
    """The frames of a plugin, on the first small network that it has something to show of."""
    for scene in scenes():
        plugin: Plugin = Registry.discover().load(name).configured(QUICK.get(name, {}))
        with suppress(Inapplicable):
            made = list(checked_frames(plugin, scene))
            return [(declaration(name, plugin, frame), frame) for frame in made]
    raise AssertionError(f"{name} has nothing to show of any of them")


def sized(frame: Frame, size: float) -> Frame:
    """The frame as a network of another size would give it, its largest value so large."""
    exact = frame.values.astype(np.float64)
    values = exact * (size / (np.nanmax(np.abs(exact)) or 1.0))
    return replace(frame, values=values.astype(np.float32))


@pytest.mark.parametrize("name", list(Registry.discover()))
def test_zeros_and_sums_survive_the_history_at_every_size(name: str, tmp_path: Path) -> None:
    frames = [each for each in make_frames(name) if each[0].value_range is None]
    scaled = {
        step: [(declared, sized(frame, size)) for declared, frame in frames]
        for step, size in SIZES.items()
    }
    with vizframe.store.create(tmp_path, fake_info()) as store:
        for step, each in scaled.items():
            store.commit(StepRecord(step, each))
    with vizframe.open(tmp_path) as run:
        for step, each in scaled.items():
            for declared, frame in each:
                kind = run[declared.key.kind, declared.key.layer]
                assert_kept(declared, frame.values, np.asarray(kind.at(step).values))


def assert_kept(declared: Declaration, values: np.ndarray, back: np.ndarray) -> None:  # type: ignore[type-arg]
    """Zero is zero, every value is within half a step, and what is summed keeps its sum."""
    pictures = tuple(range(len(declared.tile_shape), values.ndim))
    assert np.array_equal(np.isnan(values), np.isnan(back))
    levels = 252 if np.isnan(values).any() else 255  # three stand for what is not finite
    exact, found = (np.nan_to_num(each.astype(np.float64)) for each in (values, back))
    assert not back[values == 0].any()
    if declared.encoding == "float16":
        np.testing.assert_allclose(found, exact, rtol=1.2 * 2**-11, atol=1e-8 * abs(exact).max())
        sums, total = exact.sum(axis=pictures), abs(exact).sum(axis=pictures)
        assert (abs(found.sum(axis=pictures) - sums) <= 2e-4 * total).all()
    else:
        span = np.ptp(exact, axis=pictures, keepdims=True) if pictures else 0
        assert (abs(found - exact) <= 0.51 * span / levels + 1e-6 * abs(exact)).all()
