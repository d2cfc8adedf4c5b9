"""The pictures of colour images, of CNN Explainer's tiny VGG."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from draw.demo import numbers, scene, tiles
from draw.layout import (
    above,
    add_label,
    centre_all,
    lay_over,
    robust,
    signed_of,
    words,
)
from draw.plugins import METHODS, add_scores, climb_units
from vizframe.gluon.network import GluonNetwork
from vizframe.images.paint import Rgb, paint_colour
from vizframe.images.sheet import enlarge
from vizframe.network import FloatArray
from vizframe.network.probe import Probe
from vizframe.plugin import Scene
from vizframe.plugins.class_visualization import ClassVisualization
from vizframe.plugins.saliency import CAMS, Saliency

TINY_VGG = (
    *("lifeboat", "ladybug", "pizza", "pepper", "bus"),
    *("koala", "espresso", "panda", "orange", "car"),
)


def saliency_photographs(folder: Path) -> Rgb:
    given = tiny_vgg(folder)
    model = given.network
    last = [layer for layer in model.layers if layer.is_spatial][-1]
    plugin = Saliency(methods=("integrated", *CAMS))
    under = np.rint(given.probe.images.transpose(0, 2, 3, 1) * 255).astype(np.uint8)
    asked = replace(given, layers=(last,))
    frames = {frame.part: frame for frame in plugin.visualize(asked)}
    rows = {"the photograph": under}
    for method in ("grad_cam", "hires_cam", "integrated"):
        values = numbers(frames[method])
        title = f"{METHODS[method]},\n{last.name}" if method in CAMS else METHODS[method]
        rows[title] = lay_over(values, under, signed=signed_of(method))
    seen = numbers(frames["guided_grad_cam"])
    rows[f"{METHODS['guided_grad_cam']},\n{last.name}"] = paint_colour(seen, robust(seen))
    return above(
        add_scores("class, score", frames["integrated"], TINY_VGG, 128),
        *(add_label(title, enlarge(row, 2)) for title, row in rows.items()),
        gap=0,
    )


def class_visualization_colour(folder: Path) -> Rgb:
    given = tiny_vgg(folder)
    ways: dict[str, dict[str, object]] = {
        "lucid, 64 iterations": {"preset": "lucid", "iterations": 64},
        "lucid": {"preset": "lucid"},
        "clear": {"preset": "clear"},
        "lucid, 64 iterations,\nweights shuffled": {
            "preset": "lucid",
            "iterations": 64,
            "control": True,
        },
    }
    rows = [add_label("class", np.stack([words(name, 128, 20) for name in TINY_VGG]))]
    for title, options in ways.items():
        plugin = ClassVisualization.configured(options)
        (frame,) = plugin.visualize(given)
        rows.append(add_label(title, tiles(plugin, frame, 128)))
    return above(*rows, gap=0)


def gradient_ascent_colour(folder: Path) -> Rgb:
    given = tiny_vgg(folder)
    rows = []
    for layer in given.network.layers:
        if layer.operator == "Convolution":
            shown = climb_units(given, f"{layer.name}:", 84, preset="lucid", iterations=128)
            rows.append(add_label(layer.name, centre_all(shown, 84)))
    return above(*rows, gap=0)


def tiny_vgg(folder: Path) -> Scene:
    """The tiny VGG with its ten photographs as the probe."""
    images = photographs(folder)
    model = GluonNetwork.load(
        folder / "tiny_vgg-symbol.json", folder / "tiny_vgg-0000.params", images.shape[1:]
    )
    return scene(model, Probe(images))


def photographs(folder: Path) -> FloatArray:
    """The ten photographs, (10, 3, 64, 64) in [0, 1]."""
    paths = sorted((folder / "images").glob("*.jpeg"))
    loaded = [np.asarray(Image.open(path).convert("RGB"), np.float32) / 255 for path in paths]
    return np.ascontiguousarray(np.stack(loaded).transpose(0, 3, 1, 2))
