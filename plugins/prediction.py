"""Prediction: what a network that reads text expects next, and how far it is surprised."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import numpy as np
from pydantic import Field

from vizframe.network import FloatArray
from vizframe.plugin import Growth, Plugin, Scene
from vizframe.plugin.frame import Frame, Picture
from vizframe.sequences.forecast import (
    continuation,
    likeliest,
    log_probabilities,
    looks_ahead,
    score_layer,
    surprise,
)

MOST_GIVEN = 128
"""Tokens of a text that are given for the network to go on with: each that it draws costs a pass
over all of them."""


class Prediction(Plugin):
    """What the network expects after each token of the probe's texts.

    Its surprise at each token, in bits; the likeliest next tokens with their probabilities; and a
    text that it goes on with by itself, drawn with the same random numbers at every step, so that
    it changes only as the network does.
    """

    name: ClassVar[str] = "prediction"
    grows_with: ClassVar[tuple[Growth, ...]] = ("images",)
    makes: ClassVar[tuple[Picture, ...]] = (
        Picture(
            axes=("probe", "time"),
            part="surprise",
            title="surprise in bits",
            draw="text",
            help="How little each token was expected: −log2 of its probability; 1 bit is a coin.",
            columns={"mean": "Bits per token, the mean over the text."},
        ),
        Picture(
            axes=("probe", "rank", "time"),
            part="likeliest",
            title="likeliest next tokens",
            draw="text",
            encoding="float32",
            help="The numbers of the tokens that are expected after each one, likeliest first.",
        ),
        Picture(
            axes=("probe", "rank", "time"),
            part="probability",
            title="their probabilities",
            draw="text",
            value_range=(0.0, 1.0),
            help="How probable each of the likeliest next tokens is.",
        ),
        Picture(
            axes=("probe", "time"),
            part="continuation",
            title="how it goes on",
            draw="text",
            encoding="float32",
            help="The numbers of the tokens of a text that the network goes on with by itself.",
            columns={"given": "How many of its first tokens were given."},
        ),
    )

    images: int | None = Field(
        4, ge=1, description="How many texts of the probe, from the first; all if null."
    )
    ranks: int = Field(5, ge=1, le=100, description="How many of the likeliest tokens.")
    continued: int = Field(
        20, ge=0, le=1000, description="How many tokens it goes on with; 0 for none."
    )

    def visualize(self, scene: Scene) -> Iterator[Frame]:
        layer = score_layer(scene.network, scene.probe)
        logs = log_probabilities(scene.activations(layer)[: self.images])
        ids = scene.probe.images[: self.images].astype(np.int64)
        lengths = np.array([len(text) for text in scene.probe.tokens[: self.images]])
        bits = surprise(logs, ids, lengths)
        ahead = looks_ahead(scene.network.scores, scene.probe.images[0])
        has_predictions = bool(np.isfinite(bits).any())
        note = ("The network sees later tokens too, so this is no forecast",) if ahead else ()
        yield Frame(
            layer.name,
            bits,
            "surprise",
            columns={"mean": _mean(bits)},
            notes=note,
            scalars={"surprise in bits per token": float(np.nanmean(bits))}
            if has_predictions
            else {},
        )
        tokens, chances = likeliest(logs, min(self.ranks, logs.shape[-1]))
        yield Frame(layer.name, tokens.astype(np.float32), "likeliest", notes=note)
        yield Frame(layer.name, chances, "probability", notes=note)
        if self.continued and not ahead:
            with scene.leave_out_refused(layer):
                yield self._continuation(scene, layer.name, int(lengths[0]))

    def _continuation(self, scene: Scene, layer: str, length: int) -> Frame:
        """The first text, of which some is given and the rest drawn."""
        row = scene.probe.images[0]
        if length > MOST_GIVEN + self.continued:
            row = row[: MOST_GIVEN + self.continued]
        length = min(length, len(row))
        begun = max(1, min(length // 2, length - self.continued))
        end = min(length, begun + self.continued)
        made = continuation(scene.network.scores, row, begun, end, scene.seed)
        return Frame(
            layer,
            made[None].astype(np.float32),
            "continuation",
            columns={"given": np.full(1, begun, np.float32)},
        )


def _mean(bits: FloatArray) -> FloatArray:
    """The mean surprise of each text, over the tokens that were predicted; 0 where none was."""
    known = np.isfinite(bits)
    total = np.where(known, bits, 0).sum(axis=1)
    return np.asarray(total / np.maximum(known.sum(axis=1), 1), np.float32)
