"""What a plugin needs the network to be given."""

from __future__ import annotations

from vizframe.errors import Inapplicable
from vizframe.plugin.base import Scene


def require_images(plugin: str, scene: Scene) -> None:
    """See that the network takes images.

    Raises:
        Inapplicable: it takes something else, such as tokens or rows of a table.
    """
    shape = scene.network.input_shape
    if len(shape) != 3:
        raise Inapplicable(
            f"{plugin} needs images, but the network's input has shape {shape}; it can be "
            "(channels, y, x)"
        )
