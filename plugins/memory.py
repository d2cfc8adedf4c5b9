"""Memory: on which earlier tokens a network's scores depend, and how far back they lie."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import numpy as np
from pydantic import Field

from vizframe.errors import Inapplicable
from vizframe.plugin import Growth, Plugin, Scene
from vizframe.plugin.column import Column
from vizframe.plugin.frame import Frame, Picture
from vizframe.sequences.memory import choose_targets, connectivity, reach


class Memory(Plugin):
    """On which earlier tokens, or steps, the network's likeliest score at a place depends.

    For some places along each text, the length of the score's gradient by each input before it
    (connectivity); and, as a curve over the training, how many tokens back that reaches in the
    mean.
    """

    name: ClassVar[str] = "memory"
    slow: ClassVar[bool] = True
    grows_with: ClassVar[tuple[Growth, ...]] = ("images",)
    makes: ClassVar[tuple[Picture, ...]] = (
        Picture(
            axes=("probe", "target", "time"),
            part="connectivity",
            title="connectivity",
            draw="text",
            help="How much the score at one place changes with each token: its gradient's length.",
            columns={
                "target": "The place in time whose likeliest score is asked about, from 0.",
                "score": "Which score that is: the number of the token that is likeliest there.",
                "reach": Column(
                    "How many tokens back, in the mean, it depends on.", role="strength"
                ),
            },
        ),
    )

    images: int = Field(2, ge=1, description="How many texts or sequences, from the first.")
    targets: int = Field(8, ge=1, le=512, description="How many places along each of them.")
    window: int = Field(
        128, ge=2, description="How many tokens up to the place are looked at, of longer texts."
    )

    def visualize(self, scene: Scene) -> Iterator[Frame]:
        layer = scene.network.layer(scene.network.score_layer)
        if not layer.is_sequence or scene.probe.images.ndim not in (2, 3):
            raise Inapplicable(
                f"the scores {layer.name!r} have shape {layer.shape}; memory can be shown where "
                "there are some at each place of a sequence"
            )
        images = scene.probe.images[: self.images]
        steps = images.shape[1]
        texts = [len(text) for text in scene.probe.tokens] or [steps] * len(scene.probe)
        lengths = np.minimum(np.array(texts[: self.images]), layer.shape[0])
        scores = scene.activations(layer)[: self.images]
        with scene.leave_out_refused(layer):
            chosen = choose_targets(scores, lengths, self.targets)
            found = connectivity(scene.network, images, layer, chosen, self.window)
            # A text that is shorter than its targets are many has the last of them again.
            where = [
                _of_text([c.text for c in chosen], text, self.targets)
                for text in range(len(images))
            ]
            rows = np.stack([found[each] for each in where])
            reaches = [reach(row, each.time) for row, each in zip(found, chosen, strict=True)]
            columns = {
                "target": np.array([each.time for each in chosen], np.float32),
                "score": np.array([each.unit for each in chosen], np.float32),
                "reach": np.array(reaches, np.float32),
            }
            known = [each for each in reaches if np.isfinite(each)]
            yield Frame(
                layer.name,
                rows,
                "connectivity",
                columns={name: np.stack([v[w] for w in where]) for name, v in columns.items()},
                scalars={"reach in tokens": float(np.mean(known))} if known else {},
            )


def _of_text(texts: list[int], text: int, count: int) -> list[int]:
    """The numbers of this text's targets, ``count`` of them; the last one again where it has
    fewer."""
    own = [place for place, each in enumerate(texts) if each == text]
    return (own + own[-1:] * count)[:count]
