"""The pictures of relevance, perturbation, faithfulness and ablation, of the demo's network."""

from __future__ import annotations

from typing import get_args

import numpy as np

from draw.demo import Demo, first, make_frame, numbers
from draw.layout import (
    above,
    add_label,
    beside,
    grey,
    lay_over,
)
from vizframe.attribution.explain import Explanation
from vizframe.images import lut
from vizframe.images.bars import bars
from vizframe.images.limits import Limits
from vizframe.images.paint import Rgb, paint
from vizframe.images.sheet import enlarge
from vizframe.plugins.ablation import Ablation
from vizframe.plugins.faithfulness import Faithfulness
from vizframe.plugins.perturbation import Perturbation
from vizframe.plugins.relevance import Composite, Relevance


def relevance(demo: Demo) -> Rgb:
    given = first(demo.end, 10)
    under = grey(given.probe.images[:, 0])
    rows = [add_label("the image", enlarge(under, 3))]
    names: tuple[Composite, ...] = get_args(Composite)
    plain = [(name.replace("_", " "), Relevance(composite=name)) for name in names]
    shuffled = Relevance(composite="epsilon_gamma_box", control=True)
    for title, plugin in [*plain, ("epsilon gamma box,\nweights shuffled", shuffled)]:
        values = numbers(make_frame(plugin, given, given.network.score_layer))
        rows.append(add_label(title, enlarge(lay_over(values, under, True), 3)))
    return above(*rows, gap=0)


def perturbation(demo: Demo) -> Rgb:
    given = first(demo.end, 10)
    under = grey(given.probe.images[:, 0])
    rows = [add_label("the image", enlarge(under, 3))]
    score = given.network.score_layer
    plugin = Perturbation(methods=("rise", "score_cam", "expected"), masks=2000)
    for part, layer, signed in (
        ("rise", score, False),
        ("score_cam", given.layers[1].name, False),
        ("expected", score, True),
    ):
        values = numbers(make_frame(plugin, given, layer, part))
        title = f"{part.replace('_', '-')}{f', {layer}' if part == 'score_cam' else ''}"
        rows.append(add_label(title, enlarge(lay_over(values, under, signed), 3)))
    return above(*rows, gap=0)


def faithfulness(demo: Demo) -> Rgb:
    """Mean curves of both kinds, a row for each explanation, before and after the training."""
    names: tuple[Explanation, ...] = get_args(Explanation)
    plugin = Faithfulness(methods=names, points=33, squares=8, samples=1)
    columns = []
    for scene in (demo.start, demo.end):
        given, rows = first(scene, 50), []
        for name in names:
            frame = make_frame(plugin, given, given.network.score_layer, name)
            mean = numbers(frame).mean(axis=0)
            limits = Limits(np.float32(0), np.float32(1))  # type: ignore[arg-type]
            drawn = enlarge(paint(mean[None], limits, lut("perceptual")), 8)
            rows.append(add_label(name.replace("_", " "), drawn))
        columns.append(above(*rows, gap=6))
    return beside(*columns)


def ablation(demo: Demo) -> Rgb:
    """What each unit of a layer costs the loss, before and after the training, a scale each."""
    rows = []
    for title, scene in (("before the training", demo.start), ("after it", demo.end)):
        given = first(scene, 100)
        layers = [layer for layer in given.network.layers if layer.has_kernel][:-1]
        found = [(each, make_frame(Ablation(), given, each.name)) for each in layers]
        most = max(float(numbers(frame).max()) for _, frame in found)
        limits = Limits(np.float32(0), np.float32(most))  # type: ignore[arg-type]
        drawn = [
            add_label(f"{layer.name}, {title}", bars(numbers(frame)[None], limits, width=8)[None])
            for layer, frame in found
        ]
        rows.append(beside(*drawn))
    return above(*rows)
