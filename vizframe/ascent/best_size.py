"""The size of image that a unit which sees much of its input is climbed on.

    field 40² of 224²     climbed on 40², which is all that it sees
    field 211² of 224²    climbed on 128²: a third of the work, and as good to look at

Olah et al. 2017 draw on 128² whatever a network was trained on: patterns of a unit that sees more
come out whole there.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from vizframe.ascent.gallery import Question
from vizframe.errors import VizframeError
from vizframe.network import Network

BEST = 128
"""The side in pixels, lucid's."""


def at_best_size(network: Network, question: Question) -> Question:
    """The question on smaller images, where its unit sees more than these and the network takes
    them; itself where not, or where a size or the whole input is asked for."""
    seen = _seen(network, question)
    if question.size is not None or question.whole or seen is None or max(seen) <= BEST:
        return question
    height, width = network.input_shape[1:]
    size = min(BEST, height), min(BEST, width)
    if not _takes(network, replace(question, size=size)):
        return question
    remark = (
        f"Climbed on an image of {size[0]} × {size[1]} pixels, of {seen[0]} × {seen[1]} that the "
        "unit sees; exact climbs on all of them"
    )
    return replace(question, size=size, remark=remark)


def _seen(network: Network, question: Question) -> tuple[int, int] | None:
    """(y, x) of what the question's climb is drawn on; None where the input is no image."""
    if len(network.input_shape) != 3:
        return None
    height, width = network.input_shape[1:]
    field = question.layer.receptive_field
    if field is None or not question.layer.is_spatial or question.place != "centre":
        return height, width
    return min(height, field.size[0]), min(width, field.size[1])


def _takes(network: Network, question: Question) -> bool:
    """Whether the network can be asked so: one behind a dense layer takes a single size."""
    try:
        with question.excitation(network, [0], "plain") as excitation:
            excitation.evaluate(excitation.ops.to_device(np.zeros(excitation.shape, np.float32)))
    except VizframeError:
        return False
    return True
