"""The recurrent layers of a scene."""

from __future__ import annotations

from vizframe.errors import Inapplicable
from vizframe.network.layer import Layer
from vizframe.plugin import Scene


def recurrent_layers(scene: Scene) -> list[Layer]:
    """Those of the scene's layers that are recurrent and give a row for each place in time.

    Raises:
        Inapplicable: the network has none.
    """
    layers = [each for each in scene.network.layers if each.is_recurrent and each.is_sequence]
    if not layers:
        raise Inapplicable(
            "the network has no recurrent layer; it can have an LSTM, a GRU, an RNN or a cell "
            "that is called along a sequence"
        )
    return [each for each in scene.layers if each in layers]
