"""Attention: how much each head attends, at every token, to every other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import numpy as np
from pydantic import Field

from vizframe.errors import Inapplicable
from vizframe.network import FloatArray
from vizframe.network.layer import Layer
from vizframe.plugin import Growth, Plugin, Scene
from vizframe.plugin.column import Column
from vizframe.plugin.frame import Frame, Picture

AXES = ("head", "time", "source")
ONE_HEAD = ("time", "head")
"""Of an attention that has no axis for its heads; the sources stand in for them."""


class Attention(Plugin):
    """How much each head of an attention attends, at every token, to each of the tokens.

    A row of a head's matrix is one token; its numbers are the shares with which it attends to all
    tokens, and sum to 1. Attentions are recorded wherever the network has them, unless layers are
    chosen.
    """

    name: ClassVar[str] = "attention"
    grows_with: ClassVar[tuple[Growth, ...]] = ("images",)
    makes: ClassVar[tuple[Picture, ...]] = (
        Picture(
            axes=("probe", *AXES),
            title="attention",
            draw="attention",
            help="From each token (down) to those that it attends to (across).",
            columns={
                "distance": "How many tokens away it attends, in the mean.",
                "entropy": Column(
                    "How widely it attends, in bits: 0 is to one token alone.", role="strength"
                ),
            },
        ),
    )

    images: int | None = Field(
        4, ge=1, description="How many texts or sequences, from the first; all if null."
    )
    longest: int = Field(
        512, ge=2, description="How many tokens of each are shown, from the first."
    )

    def visualize(self, scene: Scene) -> Iterator[Frame]:
        every = [layer for layer in scene.network.layers if is_attention(layer)]
        if not every:
            raise Inapplicable(
                "the network has no attention over a sequence; it can have a softmax over how well "
                "each token fits each other"
            )
        chosen = [layer for layer in scene.layers if is_attention(layer)] or every
        for done, layer in enumerate(chosen if scene.layers else ()):
            scene.progress(done, len(chosen), layer.name)
            shares = scene.activations(layer)[: self.images]
            if layer.axes == ONE_HEAD:
                shares = shares[:, None]
            if _are_shares(shares):  # and not how well they fit, which becomes them
                yield self._frame(layer, shares)

    def _frame(self, layer: Layer, shares: FloatArray) -> Frame:
        shown = np.ascontiguousarray(shares[:, :, : self.longest, : self.longest])
        cut = shown.shape[2] < shares.shape[2]
        note = f"The first {self.longest} of {shares.shape[2]} tokens"
        return Frame(
            layer.name,
            shown,
            columns={"distance": _distance(shares), "entropy": _entropy(shares)},
            notes=(note,) if cut else (),
            scalars={"entropy in bits": float(_entropy(shares).mean())},
        )


def is_attention(layer: Layer) -> bool:
    """Whether its units are heads by which places attend to places."""
    return layer.kind == "attention" and layer.axes in (AXES, ONE_HEAD)


def _are_shares(values: FloatArray) -> bool:
    """Whether each token's numbers sum to 1; of NaN or infinities nothing does."""
    if not np.isfinite(values).all():
        return True
    return bool(np.allclose(values.sum(axis=-1), 1, atol=1e-3))


def _distance(shares: FloatArray) -> FloatArray:
    """The mean number of places between a token and those it attends to, (probe, head)."""
    times, sources = (np.arange(length) for length in shares.shape[2:])
    away = np.abs(times[:, None] - sources).astype(np.float32)
    found: FloatArray = (shares * away).sum(axis=3).mean(axis=2)
    return found


def _entropy(shares: FloatArray) -> FloatArray:
    """The entropy of a token's shares in bits, its mean over all tokens, (probe, head)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        bits = np.where(shares > 0, -shares * np.log2(shares), 0)
    found: FloatArray = bits.sum(axis=3).mean(axis=2).astype(np.float32)
    return found
