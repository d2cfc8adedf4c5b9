"""What a deconvnet is asked, and what it knows of the images.

As long as no image has a say in the way back, the questions about one unit and place in several
images are one signal, which is as many times as strong for each as its output gradient.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from vizframe.gluon.compat import mx
from vizframe.gluon.graph.graph import Entry
from vizframe.gluon.question.switches import Switches
from vizframe.graph.support import Places
from vizframe.network import FloatArray, Objective


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """What is known of some images.

    Attributes:
        values: the inputs of the operators that look at them, (images, …).
        switches: of the max poolings, by node.
    """

    values: Mapping[Entry, FloatArray]
    switches: Mapping[int, Switches] = field(default_factory=dict)


def join_kept(parts: list[Kept]) -> Kept:
    """What is known of the images of all parts, in their order."""
    values = {e: np.concatenate([each.values[e] for each in parts]) for e in parts[0].values}
    switches = {
        index: replace(
            first, places=np.concatenate([each.switches[index].places for each in parts])
        )
        for index, first in parts[0].switches.items()
    }
    return Kept(values, switches)


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """Questions, each a copy of a signal.

    Attributes:
        copies: of which signal, (questions,).
        images: about which of the images that are kept.
        strength: how many times as strong; None: as strong.
        is_each: whether they are the signals themselves, in order.
    """

    copies: Places
    images: Places
    strength: FloatArray | None = None
    is_each: bool = False

    def of(self, members: Places) -> Asked:
        """These of them."""
        strength = None if self.strength is None else self.strength[members]
        whole = self.is_each and len(members) == len(self.copies)
        return Asked(self.copies[members], self.images[members], strength, whole)

    def spread(self, signal: Any) -> Any:
        """The questions' own signals."""
        if self.is_each:
            return signal
        own = mx.nd.take(signal, mx.nd.array(self.copies, ctx=signal.context, dtype=np.int32))
        if self.strength is None:
            return own
        shape = (-1, *([1] * (own.ndim - 1)))
        return own * mx.nd.array(self.strength, ctx=signal.context).reshape(shape)


def share(objective: Objective, images: Places) -> tuple[Objective, Asked]:
    """The signals that start, strength 1 where several questions share one, and the questions.

    A gradient that is not above 0, or no number, is a signal of its own: a ReLU passes no other
    multiple of it.
    """
    count = len(objective.units)
    given = objective.output_gradients
    strength = np.ones(count, np.float32) if given is None else np.asarray(given, np.float32)
    alone = np.where(np.isfinite(strength) & (strength > 0), 0, np.arange(1, count + 1))
    place = objective.place
    places = np.zeros((count, 2), np.int64) if isinstance(place, str) else place
    rows = np.column_stack([objective.units, places, alone])
    _, first, copies = np.unique(rows, axis=0, return_index=True, return_inverse=True)
    if len(first) == count:
        return objective, Asked(np.arange(count), images, None, is_each=True)
    heads = np.where(alone[first] > 0, strength[first], np.float32(1))
    start = Objective(
        objective.layer,
        objective.units[first],
        place if isinstance(place, str) else place[first],
        heads,
    )
    return start, Asked(copies, images, np.where(alone > 0, np.float32(1), strength))
