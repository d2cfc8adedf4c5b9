"""The pixels that a unit sees at one place: cut out of images; activations sent back to them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vizframe.attribution.batches import Indices
from vizframe.attribution.fields import place_gradients
from vizframe.attribution.strongest import Strongest
from vizframe.network import FloatArray, Network, Objective
from vizframe.network.layer import Layer
from vizframe.network.probe import Probe


def project_strongest(
    network: Network, images: FloatArray, layer: Layer, found: Strongest, window: UnitWindow
) -> FloatArray:
    """The strongest activations sent back, (unit, rank, channel, y, x): zero of a silent unit."""
    projected = _tiles(found, images.shape[1], window)
    projected[:] = 0
    # A deconvnet rectifies what it is given: an activation that is not positive sends nothing back.
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
    for piece in place_gradients(network, images, chosen, objective, rule="deconvnet"):
        at = unit[piece.question], rank[piece.question]
        window.fill(projected[at], found.places[at], piece.values, piece.corner)
    return projected


def cut_patches(probe: Probe, found: Strongest, window: UnitWindow) -> FloatArray:
    """What caused each activation, as pictures; beyond the rim is padding, an input of zero."""
    normal = probe.normalization
    pictures = normal.to_picture(probe.images)
    channels = pictures.shape[1]
    beyond = normal.to_picture(np.zeros((channels, 1, 1), np.float32))
    patches = _tiles(found, channels, window)
    if window.size != window.image:
        patches[:] = beyond
    for at in np.ndindex(*found.images.shape):
        window.fill(patches[at], found.places[at], pictures[found.images[at]], (0, 0))
    return patches


def _tiles(found: Strongest, channels: int, window: UnitWindow) -> FloatArray:
    """Room for (unit, rank, channel, y, x), the channels of a pixel beside each other as pictures
    have them."""
    room = np.empty((*found.images.shape, *window.size, channels), np.float32)
    return np.moveaxis(room, -1, -3)


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
