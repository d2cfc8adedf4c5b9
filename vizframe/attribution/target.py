"""The target: the class score of each image that is to be explained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from vizframe.attribution.batches import gradients, scores
from vizframe.errors import UnknownName, UsageError
from vizframe.network import FloatArray, Gradient, Network, Objective, ReluRule
from vizframe.network.probe import Probe
from vizframe.plugin import Progress, Scene, ignore_progress

Classes = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """One class score per image, before the softmax.

    Attributes:
        network: whose scores.
        images: (probe, channel, y, x).
        classes: which score of each image, (probe,).
        scores: of these classes, (probe,).
    """

    network: Network
    images: FloatArray
    classes: Classes
    scores: FloatArray

    def gradient(
        self,
        images: FloatArray | None = None,
        *,
        rule: ReluRule = "plain",
        at: str | None = None,
        progress: Progress = ignore_progress,
    ) -> Gradient:
        """The scores of these images (default: the target's own) and their gradient."""
        asked = self.images if images is None else images
        return gradients(self.network, asked, self.objective(), rule=rule, at=at, progress=progress)

    def objective(self) -> Objective:
        """Each image's class score; where scores are maps, their mean."""
        return Objective(self.network.score_layer, self.classes, "mean")

    def by(self, network: Network) -> Target:
        """The same classes of the same images, as another network scores them."""
        every = scores(network, self.images)
        found = np.take_along_axis(every, self.classes[:, None], axis=1)[:, 0]
        return replace(self, network=network, scores=found)

    def seen_in(self, scene: Scene) -> Target:
        """The target, asked of the scene's network: a control explains the classes that the
        trained network predicts."""
        return self.by(scene.network) if scene.is_control else self

    def scores_of(self, images: FloatArray) -> FloatArray:
        """The target's class score of each of these images, (probe,)."""
        return np.take_along_axis(scores(self.network, images), self.classes[:, None], axis=1)[:, 0]


def target(network: Network, probe: Probe, wanted: int | str) -> Target:
    """The scores that ``wanted`` names.

    Args:
        wanted: ``predicted``, each image's strongest class; ``label``, its true class; a class by
            its number or name.

    Raises:
        UsageError: there is no such class, or the probe has no labels.
    """
    every = scores(network, probe.images)
    classes = _classes(network, probe, every, wanted)
    chosen = np.take_along_axis(every, classes[:, None], axis=1)[:, 0]
    return Target(network, probe.images, classes, chosen)


def _classes(network: Network, probe: Probe, every: FloatArray, wanted: int | str) -> Classes:
    count = every.shape[1]
    if wanted == "predicted":
        strongest: Classes = np.nan_to_num(every, nan=-np.inf).argmax(axis=1).astype(np.int64)
        return strongest
    if wanted == "label":
        return _labels(probe, count)
    number = class_number(network, wanted, "target", or_else=("predicted", "label"))
    return np.full(len(probe), number, np.int64)


def _labels(probe: Probe, count: int) -> Classes:
    if probe.labels is None:
        raise UsageError(
            "target is 'label', but the probe has no labels; give the probe's labels, "
            "or ask for 'predicted' or a class"
        )
    wrong = (probe.labels < 0) | (probe.labels >= count)
    if wrong.any():
        raise UsageError(
            f"the probe has the label {probe.labels[wrong][0]}; it can be from 0 to {count - 1}, "
            "the classes that the network has scores of"
        )
    return probe.labels.astype(np.int64)


def are_probabilities(network: Network) -> bool:
    """Whether what the network gives as scores is behind a softmax, as where several are averaged:
    no layer with weights of its own comes after it."""
    known = {layer.name: layer for layer in network.layers}
    waiting, seen = [network.score_layer], set[str]()
    while waiting:
        layer = known.get(waiting.pop())
        if layer is None or layer.name in seen or layer.parameters:
            continue
        if layer.kind == "softmax":
            return True
        seen.add(layer.name)
        waiting.extend(layer.inputs)
    return False


def class_number(
    network: Network, wanted: int | str, what: str, *, or_else: Sequence[str] = ()
) -> int:
    """The number of the class that is meant by its name or number; a name goes first.

    Args:
        what: is named, for the sentence of the error.
        or_else: words that would have been allowed too.

    Raises:
        UsageError: the network has no such class.
    """
    names = list(network.class_names or ())
    if wanted in names:
        return names.index(str(wanted))
    words = [*or_else, *names]
    if isinstance(wanted, str) and not wanted.isdecimal() and words:
        raise UnknownName(what, wanted, words)
    count = network.layer(network.score_layer).units
    if not str(wanted).isdecimal() or int(wanted) >= count:
        allowed = [f"a class from 0 to {count - 1}", " or ".join(map(repr, or_else))]
        raise UsageError(f"{what} is {wanted!r}; it can be {', '.join(filter(None, allowed))}")
    return int(wanted)
