"""The images of a whole data set that each unit responds to most, cut to what it sees.

images ─ one forward pass for all layers ─► the strongest of each unit ─► patches
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import ClassVar

import numpy as np
from pydantic import Field

from vizframe.attribution.rule_notes import rule_notes
from vizframe.attribution.strongest import Strongest
from vizframe.attribution.top import TopImages, kept_images
from vizframe.attribution.unit_windows import UnitWindow, cut_patches, project_strongest
from vizframe.images.channels import as_picture
from vizframe.network import FloatArray
from vizframe.network.dataset import ArrayImages, Dataset, open_dataset, pieces
from vizframe.network.layer import Layer
from vizframe.network.peaks import peaks
from vizframe.network.probe import Probe
from vizframe.plugin import Plugin, Scene
from vizframe.plugin.frame import Frame, Picture
from vizframe.plugin.inputs import require_images

AXES = ("unit", "rank", "y", "x", "channel")

COLUMNS = {
    "value": "The unit's activation there.",
    "image": "The number of the image in the data set.",
    "y": "The row of the unit's map where that is.",
    "x": "The column of the unit's map where that is.",
}


class StrongestImages(Plugin):
    """Which images of a data set each unit responds to most, and where.

    All images pass through the network once, for all layers together; of each unit the images with
    the strongest activations are kept, each once, and cut to the pixels that the unit sees there.
    Beside them the same activations can be projected back to the pixels (deconvolution).
    """

    name: ClassVar[str] = "top_images"
    slow: ClassVar[bool] = True
    one_pass: ClassVar[bool] = True
    makes: ClassVar[tuple[Picture, ...]] = (
        Picture(
            axes=AXES,
            title="strongest images",
            draw="image",
            value_range=(0.0, 1.0),
            help="What each unit saw in the images of the data set that it responds to most.",
            columns=COLUMNS,
        ),
        Picture(
            axes=AXES,
            part="deconvolution",
            title="deconvolution",
            signed=True,
            draw="image",
            help="The same activations, projected back to the pixels.",
            columns=COLUMNS,
        ),
    )

    images: str | None = Field(
        None,
        description="A folder of pictures, a .npy file of network inputs, or MODULE:FUNCTION that "
        "gives these; null: the probe's.",
    )
    top: int = Field(9, ge=1, le=100, description="How many images per unit, strongest first.")
    most: int | None = Field(
        None, ge=1, description="How many images of the data set, from the first; all if null."
    )
    batch: int = Field(128, ge=1, description="How many images pass through the network at once.")
    units: int | None = Field(
        None, ge=1, description="How many units of each layer, from the first; all if null."
    )
    deconvolution: bool = Field(
        True, description="Also project the activations back to the pixels."
    )

    def visualize(self, scene: Scene) -> Iterator[Frame]:
        require_images("top_images", scene)
        layers = [layer for layer in scene.layers if layer.is_spatial or len(layer.shape) == 1]
        dataset = self._dataset(scene)
        found = self._search(scene, layers, dataset) if layers else {}
        for layer in layers:
            with scene.leave_out_refused(layer):
                located = self._locate(scene, layer, found[layer.name], dataset)
                yield from self._frames(scene, layer, located, dataset)

    def _dataset(self, scene: Scene) -> Dataset:
        probe, shape = scene.probe, scene.network.input_shape
        if self.images is None:
            return ArrayImages(probe.images, shape, "probe")
        return open_dataset(self.images, shape, probe.normalization)

    def _search(
        self, scene: Scene, layers: list[Layer], dataset: Dataset
    ) -> Mapping[str, TopImages]:
        """The strongest images of all units of all layers, in one pass."""
        count = min(len(dataset), self.most or len(dataset))
        names = [layer.name for layer in layers]
        found: dict[str, TopImages] = {}
        for numbers in pieces(count, self.batch):
            scene.progress(numbers.start, count, "images")
            for name, values in peaks(scene.network, dataset.take(numbers), names).items():
                shown = values[:, : self.units]
                if name not in found:
                    found[name] = TopImages.empty(shown.shape[1], min(self.top, count))
                found[name].add(shown, numbers.start)
        scene.progress(count, count, "images")
        return found

    def _locate(self, scene: Scene, layer: Layer, found: TopImages, dataset: Dataset) -> Strongest:
        """Where in the few images that are kept the peaks are."""
        kept = kept_images([found])
        maps = [
            scene.network.activations(
                dataset.take([int(kept[place]) for place in numbers]), [layer.name]
            )[layer.name][:, : self.units]
            for numbers in pieces(len(kept), self.batch)
        ]
        return found.locate(np.concatenate(maps), kept)

    def _frames(
        self, scene: Scene, layer: Layer, found: Strongest, dataset: Dataset
    ) -> Iterator[Frame]:
        probe, near = _shown(scene.probe, found, dataset)
        window = UnitWindow.of(layer, probe.images.shape[2:])
        columns = _columns(found)
        yield Frame(layer.name, as_picture(cut_patches(probe, near, window)), columns=columns)
        if self.deconvolution:
            notes = tuple(rule_notes(scene.network))
            projected = project_strongest(scene.network, probe.images, layer, near, window)
            yield Frame(
                layer.name, as_picture(projected), "deconvolution", columns=columns, notes=notes
            )


def _shown(probe: Probe, found: Strongest, dataset: Dataset) -> tuple[Probe, Strongest]:
    """The few images that are strongest for some unit, and where they are among these."""
    numbers, places = np.unique(found.images, return_inverse=True)
    images = dataset.take([int(number) for number in numbers])
    near = replace(found, images=places.reshape(found.images.shape).astype(np.int64))
    return Probe(images, normalization=probe.normalization, call=probe.call), near


def _columns(found: Strongest) -> dict[str, FloatArray]:
    return {
        "value": found.values,
        "image": found.images.astype(np.float32),
        "y": found.places[..., 0].astype(np.float32),
        "x": found.places[..., 1].astype(np.float32),
    }
