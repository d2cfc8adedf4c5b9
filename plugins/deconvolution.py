"""Deconvolution: the part of an image that made a unit respond (Zeiler & Fergus 2014, section 2.1).

image ─ conv ─ ReLU ─ pool ─ … ─ unit's map          forward: keep the strongest place only
  ▲                                  │
  └─ convᵀ ─ rectify ─ unpool ─ … ◄──┘ its value     back: through the pools' switches
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import numpy as np
from pydantic import Field

from vizframe.attribution.rule_notes import rule_notes
from vizframe.attribution.strongest import Strongest, strongest
from vizframe.attribution.unit_windows import UnitWindow, cut_patches, project_strongest
from vizframe.images.channels import as_picture
from vizframe.network import FloatArray
from vizframe.network.layer import Layer
from vizframe.plugin import Growth, Plugin, Scene
from vizframe.plugin.column import Column
from vizframe.plugin.control import LIKENESS, draw_or_control
from vizframe.plugin.frame import Frame, Picture
from vizframe.plugin.inputs import require_images

AXES = ("unit", "rank", "y", "x", "channel")

COLUMNS: dict[str, str | Column] = {
    "value": "The unit's activation, which the way back starts from.",
    "probe": Column("The probe image that caused it.", role="probe"),
    "y": "The row of the unit's map where that is.",
    "x": "The column of the unit's map where that is.",
    "likeness": LIKENESS,
}


class Deconvolution(Plugin):
    """What in the probe images makes each unit respond, projected back to the pixels.

    For every unit the probe images that it responds to most are taken, the strongest activation
    of each is kept alone and sent back through the network: unpooled to where the maxima were,
    rectified, and convolved with the transposed kernels. What arrives is cropped to the pixels
    that the unit sees there. Blue would raise the activation where the image has more, red
    where it has less.
    """

    name: ClassVar[str] = "deconvolution"
    grows_with: ClassVar[tuple[Growth, ...]] = ("units",)
    makes: ClassVar[tuple[Picture, ...]] = (
        Picture(
            axes=AXES,
            title="deconvolution",
            signed=True,
            draw="image",
            help="Each unit's strongest activation, projected back to the pixels that it sees.",
            columns=COLUMNS,
        ),
        Picture(
            axes=AXES,
            part="patch",
            title="strongest patch",
            draw="image",
            value_range=(0.0, 1.0),
            help="The patch of the probe image that caused the activation.",
            columns=COLUMNS,
        ),
    )

    top: int = Field(3, ge=1, description="How many probe images per unit, strongest first.")
    units: int | None = Field(
        None, ge=1, description="How many units of each layer, from the first; all if null."
    )
    control: bool = Field(
        False, description="Ask the same net with its weights shuffled, as a control."
    )

    def visualize(self, scene: Scene) -> Iterator[Frame]:
        require_images("deconvolution", scene)
        layers = [layer for layer in scene.layers if layer.is_spatial or len(layer.shape) == 1]

        def draw(seen: Scene) -> Iterator[Frame]:
            for done, layer in enumerate(layers):
                scene.progress(done, len(layers), layer.name)
                with scene.leave_out_refused(layer):
                    yield from self._frames(seen, layer)

        yield from draw_or_control(scene, draw, self.makes, control=self.control)
        scene.progress(len(layers), len(layers), "deconvolution")

    def _most(self, scene: Scene) -> int | None:
        """How many units of each layer; None: all."""
        return min((each for each in (self.units, scene.units) if each is not None), default=None)

    def _frames(self, scene: Scene, layer: Layer) -> Iterator[Frame]:
        found = strongest(scene.activations(layer)[:, : self._most(scene)], self.top)
        window = UnitWindow.of(layer, scene.probe.images.shape[2:])
        columns = _columns(found)
        notes = (*_remarks(found, self.top), *rule_notes(scene.network))
        projected = project_strongest(scene.network, scene.probe.images, layer, found, window)
        yield Frame(layer.name, as_picture(projected), columns=columns, notes=notes)
        del projected  # as large as the patches
        patches = cut_patches(scene.probe, found, window)
        yield Frame(layer.name, as_picture(patches), "patch", columns=columns, notes=notes)


def _columns(found: Strongest) -> dict[str, FloatArray]:
    return {
        "value": found.values,
        "probe": found.images.astype(np.float32),
        "y": found.places[..., 0].astype(np.float32),
        "x": found.places[..., 1].astype(np.float32),
    }


def _remarks(found: Strongest, top: int) -> Iterator[str]:
    ranks = found.images.shape[1]
    if ranks < top:
        yield f"The probe has {ranks} images, so that {ranks} of {top} ranks are shown"
    silent = np.flatnonzero((found.values <= 0).all(axis=1))
    if silent.size:
        listed = ", ".join(map(str, silent[:8]))
        rest = f" and {len(silent) - 8} more" if len(silent) > 8 else ""
        yield f"No probe image makes these units respond: {listed}{rest}"
