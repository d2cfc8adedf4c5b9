"""Deconvolution: the part of an image that made a unit answer (Zeiler & Fergus 2014, section 2.1).

image ─ conv ─ ReLU ─ pool ─ … ─ unit's map          forward: keep the strongest place only
  ▲                                  │
  └─ convᵀ ─ rectify ─ unpool ─ … ◄──┘ its value     back: through the pools' switches
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from pydantic import Field

from vizframe.attribution.batches import Indices
from vizframe.attribution.fields import place_gradients
from vizframe.attribution.rule_notes import rule_notes
from vizframe.attribution.strongest import Strongest, strongest
from vizframe.errors import Inapplicable
from vizframe.images.channels import as_picture
from vizframe.network import FloatArray, Objective
from vizframe.network.layer import Layer
from vizframe.network.probe import Probe
from vizframe.plugin import Plugin, Scene
from vizframe.plugin.column import Column
from vizframe.plugin.control import LIKENESS, draw_or_control
from vizframe.plugin.frame import Frame, Picture

AXES = ("unit", "rank", "y", "x", "channel")

COLUMNS: dict[str, str | Column] = {
    "value": "The unit's activation, which the way back starts from.",
    "probe": Column("The probe image that caused it.", role="probe"),
    "y": "The row of the unit's map where that is.",
    "x": "The column of the unit's map where that is.",
    "likeness": LIKENESS,
}


class Deconvolution(Plugin):
    """What in the probe images makes each unit answer, projected back to the pixels.

    For every unit the probe images that it answers to most are taken, the strongest answer of each
    is kept alone and sent back through the network: unpooled to where the maxima were, rectified,
    and convolved with the transposed kernels. What arrives is cropped to the pixels that the unit
    sees there. Blue would raise the answer where the image has more, red where it has less.
    """

    name: ClassVar[str] = "deconvolution"
    makes: ClassVar[tuple[Picture, ...]] = (
        Picture(
            axes=AXES,
            title="deconvolution",
            signed=True,
            draw="image",
            help="The strongest answer of each unit, projected back to the pixels that it sees.",
            columns=COLUMNS,
        ),
        Picture(
            axes=AXES,
            part="patch",
            title="strongest patch",
            draw="image",
            value_range=(0.0, 1.0),
            help="The patch of the probe image that caused the answer.",
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
        if len(scene.network.input_shape) != 3:
            raise Inapplicable(
                f"deconvolution needs images, but the network's input has shape "
                f"{scene.network.input_shape}; it can be (channels, y, x)"
            )
        layers = [layer for layer in scene.layers if layer.is_spatial or len(layer.shape) == 1]

        def draw(seen: Scene) -> Iterator[Frame]:
            for done, layer in enumerate(layers):
                scene.progress(done, len(layers), layer.name)
                with scene.leave_out_refused(layer):
                    yield from self._frames(seen, layer)

        yield from draw_or_control(scene, draw, self.makes, control=self.control)
        scene.progress(len(layers), len(layers), "deconvolution")

    def _frames(self, scene: Scene, layer: Layer) -> Iterator[Frame]:
        found = strongest(scene.activations(layer)[:, : self.units], self.top)
        window = UnitWindow.of(layer, scene.probe.images.shape[2:])
        columns = _columns(found)
        notes = (*_remarks(found, self.top), *rule_notes(scene.network))
        projected = _project(scene, layer, found, window)
        yield Frame(layer.name, as_picture(projected), columns=columns, notes=notes)
        patches = _patches(scene.probe, found, window)
        yield Frame(layer.name, as_picture(patches), "patch", columns=columns, notes=notes)


def _project(scene: Scene, layer: Layer, found: Strongest, window: UnitWindow) -> FloatArray:
    """The strongest answers sent back: (unit, rank, channel, y, x), zero where a unit is silent."""
    images = scene.probe.images
    projected = np.zeros((*found.images.shape, images.shape[1], *window.size), np.float32)
    # A deconvnet rectifies what it is given: an answer that is not positive sends nothing back.
    unit, rank = np.nonzero(~(found.values <= 0))
    if not unit.size:
        return projected
    objective = Objective(
        layer.name,
        units=unit,
        place=found.places[unit, rank],
        output_gradients=found.values[unit, rank],
    )
    chosen = found.images[unit, rank]
    for piece in place_gradients(scene.network, images, chosen, objective, rule="deconvnet"):
        at = unit[piece.question], rank[piece.question]
        window.fill(projected[at], found.places[at], piece.values, piece.corner)
    return projected


def _patches(probe: Probe, found: Strongest, window: UnitWindow) -> FloatArray:
    """What caused each answer, as pictures; beyond the rim is what padding is, an input of zero."""
    normal = probe.normalization
    pictures = normal.to_picture(probe.images)
    channels = pictures.shape[1]
    beyond = normal.to_picture(np.zeros((channels, 1, 1), np.float32))
    patches = np.empty((*found.images.shape, channels, *window.size), np.float32)
    patches[:] = beyond
    for at in np.ndindex(*found.images.shape):
        window.fill(patches[at], found.places[at], pictures[found.images[at]], (0, 0))
    return patches


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
        yield f"No probe image makes these units answer: {listed}{rest}"


@dataclass(frozen=True, slots=True)
class UnitWindow:
    """The pixels that a unit of a layer sees, as one size for all its places.

    Along an axis where the receptive field is as large as the image, or is not defined, the window
    is the image. Otherwise it is the field around the place, padded where it passes the rim:

        image   |. . . . . . .|
        place 0 at the rim, field 5:   (p p . . .)     p is padding
    """

    layer: Layer
    image: tuple[int, int]
    size: tuple[int, int]

    @classmethod
    def of(cls, layer: Layer, image: tuple[int, ...]) -> UnitWindow:
        height, width = image
        field = layer.receptive_field
        size = (min(field.size[0], height), min(field.size[1], width)) if field else (height, width)
        return cls(layer, (height, width), size)

    def fill(
        self, tile: FloatArray, place: Indices, piece: FloatArray, corner: tuple[int, int]
    ) -> None:
        """Write into the tile (channel, y, x) of a place what it has of a piece of the image.

        Args:
            place: (y, x) in the unit's map.
            piece: (channel, y, x) of the image, from the pixel ``corner`` on.
        """
        top, left = self._corner(int(place[0]), int(place[1]))
        start = (top - corner[0], left - corner[1])
        source, target = _overlap(start, self.size, piece.shape[1:])
        tile[:, *target] = piece[:, *source]

    def _corner(self, y: int, x: int) -> tuple[int, int]:
        """The pixel of the image at which the window of a place begins."""
        field = self.layer.receptive_field
        if field is None:
            return 0, 0
        top, left, _, _ = field.box(y, x)
        return (
            0 if self.size[0] == self.image[0] else top,
            0 if self.size[1] == self.image[1] else left,
        )


def _overlap(
    start: tuple[int, int], size: tuple[int, int], piece: tuple[int, ...]
) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Which pixels of a piece lie in a window that starts there, and where in it."""
    source, target = [], []
    for first, length, limit in zip(start, size, piece, strict=True):
        low, high = max(0, first), max(0, min(limit, first + length))
        source.append(slice(low, max(low, high)))
        target.append(slice(low - first, max(low, high) - first))
    return (source[0], source[1]), (target[0], target[1])
