"""One unit over the training, as a strip of pictures in a PNG file.

    python examples/film_strip.py runs/mnist-lenet gradient_ascent conv0 5 strip.png

Reads a run as a library does: any run that was recorded, also one that is still being recorded.
"""

from __future__ import annotations

import sys

import numpy as np
from PIL import Image

import vizframe


def film_strip(run: str, plugin: str, layer: str, unit: int) -> Image.Image:
    """The unit's pictures side by side, the oldest first."""
    with vizframe.open(run) as opened:
        series = opened[plugin, layer]
        strip = series.unit(unit)
        print(f"{plugin} of unit {unit} of {layer} at the steps {series.steps}")
        pictures = np.concatenate(list(strip.values), axis=1)
    low, high = np.nanmin(pictures), np.nanmax(pictures)
    spread = max(high - low, 1e-12)  # a dead unit's pictures are all one grey
    return Image.fromarray(np.nan_to_num(255 * (pictures - low) / spread).astype(np.uint8))


if __name__ == "__main__":
    run, plugin, layer, unit, target = sys.argv[1:]
    film_strip(run, plugin, layer, int(unit)).save(target)
