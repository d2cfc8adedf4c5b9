"""The pictures of the plugins' pages, of the demo's network."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from draw.demo import STEPS, Demo, first, make_frame, numbers, tiles
from draw.layout import (
    above,
    add_label,
    add_title,
    beside,
    grey,
    lay_over,
    signed_of,
    words,
)
from vizframe.demo.digits import CLASSES
from vizframe.images.bars import bars
from vizframe.images.limits import common_limits
from vizframe.images.paint import Rgb
from vizframe.images.sheet import enlarge, sheet
from vizframe.plugin import Scene
from vizframe.plugin.frame import Frame
from vizframe.plugins.activation import Activation
from vizframe.plugins.class_visualization import ClassVisualization
from vizframe.plugins.deconvolution import Deconvolution
from vizframe.plugins.gradient_ascent import GradientAscent
from vizframe.plugins.saliency import Method, Saliency
from vizframe.plugins.top_images import StrongestImages
from vizframe.plugins.weights import Weights

METHODS: dict[Method, str] = {
    "gradient": "gradient",
    "gradient_input": "gradient · input",
    "smooth_gradient": "SmoothGrad",
    "integrated": "integrated gradients",
    "occlusion": "occlusion",
    "guided": "guided backpropagation",
    "grad_cam": "Grad-CAM",
    "hires_cam": "HiResCAM",
    "guided_grad_cam": "guided Grad-CAM",
}
SHUFFLED: tuple[Method, ...] = ("gradient_input", "guided")


def activation(demo: Demo) -> Rgb:
    seven = 7
    halves = []
    for title, given in (("at the start", demo.start), (f"after {STEPS} steps", demo.end)):
        frame = make_frame(Activation(), first(given, 10), given.layers[0].name)
        shown = tiles(Activation(), frame, 56, common=True)[seven]
        halves.append(add_title(sheet(shown, columns=8), title))
    digit = enlarge(grey(demo.probe.images[seven, 0]), 5)
    return above(
        beside(add_title(digit, "the image"), *halves),
        beside(words("the last layer's ten scores", 186, 20), scores(demo.start), scores(demo.end)),
    )


def scores(given: Scene, seven: int = 7) -> Rgb:
    """The scores of the seven as bars, with the digits under them, as wide as the maps."""
    frame = make_frame(Activation(), first(given, 10), given.network.score_layer)
    values = numbers(frame)[seven : seven + 1]
    wide = 46
    drawn = bars(values, common_limits(values, values, signed=True), width=wide)
    return above(drawn, beside(*(words(each, wide, 20) for each in CLASSES), gap=0), gap=2)


def weights(demo: Demo) -> Rgb:
    rows = []
    for title, given in (("at the start", demo.start), (f"after {STEPS} steps", demo.end)):
        frame = make_frame(Weights(), given, given.layers[0].name)
        shown = tiles(Weights(), frame, 40, common=True)[:, 0]
        rows.append(add_title(sheet(shown, columns=8, gap=6), f"kernels {title}"))
    frame = make_frame(Weights(), demo.flat, demo.flat.layers[0].name)
    heatmaps = tiles(Weights(), frame, 84)[:, 0]
    named = [add_title(each, str(digit)) for digit, each in enumerate(heatmaps)]
    below = add_title(
        above(beside(*named[:5], gap=4), beside(*named[5:], gap=4), gap=4),
        "one dense layer on the pixels",
    )
    return beside(*rows, below, gap=24)


def weights_deeper(demo: Demo) -> Rgb:
    count, plugin = 12, Weights(inputs=12, units=12)
    layer = demo.end.layers[1].name
    list(plugin.visualize(demo.start))
    frames = {frame.part: frame for frame in plugin.visualize(demo.end) if frame.layer == layer}
    drawn = []
    for part, title in (
        ("", f"after {STEPS} steps"),
        ("change_since_start", "change since the start"),
    ):
        shown = tiles(plugin, frames[part], 35, common=True)
        inputs = sheet(shown.reshape(-1, *shown.shape[2:]), columns=count)
        across = sheet(np.stack([words(str(each), 35, 16) for each in range(count)]), columns=count)
        down = sheet(np.stack([words(str(each), 20, 35) for each in range(count)]), columns=1)
        corner = np.full((across.shape[0], down.shape[1], 3), 255, np.uint8)
        grid = above(beside(corner, across, gap=0), beside(down, inputs, gap=0), gap=0)
        drawn.append(add_title(grid, f"{title}: a row per unit, a column per input"))
    return beside(*drawn, gap=24)


def deconvolution(demo: Demo) -> Rgb:
    units = 24
    plugin = Deconvolution(top=3, units=units)
    layer = demo.end.layers[1].name
    projected = tiles(plugin, make_frame(plugin, demo.end, layer), 42)
    patches = tiles(plugin, make_frame(plugin, demo.end, layer, "patch"), 42)
    blocks = [
        add_title(
            above(sheet(projected[unit], columns=3), sheet(patches[unit], columns=3), gap=0),
            f"unit {unit}",
        )
        for unit in range(units)
    ]
    return sheet(np.stack(blocks), columns=6, gap=10)


def top_images(demo: Demo) -> Rgb:
    units = 24
    layer = demo.end.layers[1].name
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "digits.npy"
        np.save(path, demo.data.images)
        plugin = StrongestImages(images=str(path), top=9, units=units)
        frames = {each.part: each for each in plugin.visualize(demo.end) if each.layer == layer}
    shown = [tiles(plugin, frames[part], 42) for part in ("", "deconvolution")]
    blocks = [
        add_title(
            np.concatenate([sheet(each[unit], columns=3) for each in shown], axis=1),
            f"unit {unit}",
        )
        for unit in range(units)
    ]
    return sheet(np.stack(blocks), columns=4, gap=10)


def gradient_ascent(demo: Demo) -> Rgb:
    halves = []
    for title, given in (("at the start", demo.start), (f"after {STEPS} steps", demo.end)):
        chosen = f"{given.layers[1].name}:0-31"
        halves.append(add_title(sheet(climb_units(given, chosen, 42), columns=8), title))
    rows: dict[str, dict[str, object]] = {
        "quick": {},
        "clear": {"preset": "clear"},
        "yosinski-4": {"preset": "yosinski-4"},
        "weights shuffled": {"control": True},
    }
    chosen = f"{demo.end.layers[1].name}:0-9"
    below = (add_label(name, climb_units(demo.end, chosen, 56, **rows[name])) for name in rows)
    return above(beside(*halves, gap=24), above(*below, gap=0), gap=16)


def climb_units(given: Scene, units: str, pixels: int, **options: object) -> Rgb:
    """The ascent's pictures of some units, (unit, y, x, 3)."""
    plugin = GradientAscent.configured({"units": units, **options})
    (frame,) = plugin.visualize(given)
    return tiles(plugin, frame, pixels)


def class_visualization(demo: Demo) -> Rgb:
    rows: dict[str, tuple[Scene, dict[str, object]]] = {
        "at the start": (demo.start, {}),
        f"after {STEPS} steps": (demo.end, {}),
        "quick": (demo.end, {"preset": "quick"}),
        "fourier": (demo.end, {"preset": "fourier"}),
        "weights shuffled": (demo.end, {"control": True}),
    }
    drawn = []
    for title, (given, options) in rows.items():
        plugin = ClassVisualization.configured(options)
        (frame,) = plugin.visualize(given)
        drawn.append(add_label(title, tiles(plugin, frame, 56)))
    return above(*drawn, gap=0)


def saliency(demo: Demo) -> Rgb:
    given = first(demo.end, 10)
    under = grey(given.probe.images[:, 0])
    explained = make_frame(
        Saliency(methods=("gradient",)), given, given.network.score_layer, "gradient"
    )
    rows = [
        add_scores("class, score", explained, CLASSES, 84),
        add_label("the image", enlarge(under, 3)),
    ]
    one, two, *_ = (layer.name for layer in given.layers)
    layers = {"grad_cam": one, "hires_cam": two, "guided_grad_cam": one}
    for method, title in METHODS.items():
        layer = layers.get(method, given.network.score_layer)
        values = numbers(make_frame(Saliency(methods=(method,)), given, layer, method))
        title = f"{title},\n{layer}" if method in layers else title
        rows.append(add_label(title, enlarge(lay_over(values, under, signed_of(method)), 3)))
    for method in SHUFFLED:
        plugin = Saliency(methods=(method,), control=True)
        values = numbers(make_frame(plugin, given, given.network.score_layer, method))
        title = f"{METHODS[method]},\nweights shuffled"
        rows.append(add_label(title, enlarge(lay_over(values, under, signed_of(method)), 3)))
    return above(*rows, gap=0)


def add_scores(title: str, frame: Frame, names: Sequence[str], width: int) -> Rgb:
    """The class and score beside each picture, as a row over a row of pictures."""
    found = zip(frame.columns["class"], frame.columns["score"], strict=True)
    texts = [f"{names[int(number)]}, {score:.1f}" for number, score in found]
    return add_label(title, np.stack([words(text, width, 20) for text in texts]))
