"""The class activation maps of all layers, from one forward and one backward pass per batch.

    images ─► conv1 ─► conv2 ─► … ─► scores      forward: every layer's maps
       ▲        ▲        ▲                       back:    the gradient at every one of them
       └────────┴────────┴──────────── class     and at the pixels

Of each layer only the maps of evidence are kept, which are as small as one of its units.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from vizframe.arrays import even_size
from vizframe.attribution.batches import batches, part, room
from vizframe.attribution.cam import Doubles, Weigh
from vizframe.attribution.target import Target
from vizframe.images.overlay import resample
from vizframe.network import FloatArray, LayerGradients, Objective
from vizframe.plugin import Progress, ignore_progress


@dataclass(frozen=True, slots=True, eq=False)
class LayerCams:
    """Evidence by method and layer, as large as the layer's own maps.

    Attributes:
        gradient: of the class scores with respect to the pixels, from the same passes.
        evidence: (probe, y, x) each, of the layers that the scores depend on.
    """

    gradient: FloatArray
    evidence: Mapping[tuple[str, str], Doubles]

    def at(self, size: tuple[int, int], method: str, layer: str) -> Doubles:
        """The method's evidence at the layer, (probe, y, x), enlarged to the image."""
        return resample(self.evidence[method, layer], size)


def layer_cams(
    target: Target,
    layers: Sequence[str],
    methods: Mapping[str, Weigh],
    progress: Progress = ignore_progress,
) -> LayerCams:
    """The evidence for each image's class at each of the layers, by each of the methods.

    Layers that the scores do not depend on, and that of the scores itself, have none.
    """
    network, count = target.network, len(target.images)
    objective = Objective(network.score_layer, target.classes, "mean")
    size = even_size(count, room(network))
    gradients: list[FloatArray] = []
    found: dict[tuple[str, str], list[Doubles]] = defaultdict(list)
    for chosen in batches(np.arange(count), size):
        backward = network.gradients(target.images[chosen], part(objective, chosen), layers)
        gradients.append(backward.gradient)
        for key, evidence in _evidence(backward, methods):
            found[key].append(evidence)
        del backward  # before the next is asked for
        progress(min(len(gradients) * size, count), count, "class activation maps")
    return LayerCams(
        np.concatenate(gradients)[:count],
        {key: np.concatenate(each)[:count] for key, each in found.items()},
    )


def _evidence(
    backward: LayerGradients, methods: Mapping[str, Weigh]
) -> Iterator[tuple[tuple[str, str], Doubles]]:
    """The maps of evidence by method and layer, as large as the layer's maps."""
    for layer, maps in backward.outputs.items():
        place = (maps.shape[2], maps.shape[3])
        for method, weigh in methods.items():
            yield (method, layer), weigh(maps, backward.gradients[layer], place)
