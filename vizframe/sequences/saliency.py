"""Saliency of a sequence: which tokens, or steps, a network's score rests on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from vizframe.errors import Inapplicable, NetworkError
from vizframe.network import FloatArray, Objective
from vizframe.network.layer import Layer
from vizframe.plugin import Scene
from vizframe.plugin.frame import Frame, Picture
from vizframe.sequences.memory import Ids, input_layer

_COLUMNS: Mapping[str, str] = {
    "class": "Which score is explained: the likeliest, of the last place where every one has some.",
    "score": "That score.",
}

PICTURES_OF_SEQUENCES = (
    Picture(
        axes=("probe", "time"),
        part="tokens",
        title="what the score rests on",
        draw="text",
        help="How much the score changes with each token or step, whichever way.",
        columns=_COLUMNS,
    ),
    Picture(
        axes=("probe", "time"),
        part="tokens_signed",
        title="what each token adds",
        draw="text",
        signed=True,
        help="What each token or step, as it is, adds to the score at first order.",
        columns=_COLUMNS,
    ),
)


@dataclass(frozen=True, slots=True, eq=False)
class TokenSaliency:
    """What each place of each sequence does to one score.

    Attributes:
        size: how much the score changes with what stands there, (input, time).
        signed: what it adds to the score at first order, (input, time).
        units: which score that is, (input,).
        scores: its value, (input,).
    """

    size: FloatArray
    signed: FloatArray
    units: Ids
    scores: FloatArray


def token_saliency(scene: Scene, count: int | None) -> TokenSaliency:
    """The likeliest score of each sequence, by its gradient: of a network that scores every place,
    the last one's; of tokens, by what the embedding makes of them.

    Args:
        count: how many inputs, from the first; None: all.

    Raises:
        Inapplicable: the network reads no sequence, or no embedding makes tokens differentiable.
    """
    network, images = scene.network, scene.probe.images[:count]
    at, layer = input_layer(network, images), network.layer(network.score_layer)
    if images.ndim != 3 and at is None:
        raise Inapplicable(
            f"saliency needs images, but the network's input has shape {network.input_shape}; it "
            "can be (channels, y, x), (time, feature), or tokens that an embedding reads"
        )
    rows = scene.activations(layer)[:count]
    units, objective = _objective(scene, layer, rows)
    try:
        found = network.gradient(images, objective, at=at)
    except NetworkError as error:  # such as an embedding that is called once a step
        raise Inapplicable(f"saliency needs gradients at the embedding: {error}") from error
    given = images if at is None else scene.activations(network.layer(at))[:count]
    flat = (*found.gradient.shape[:2], -1)
    gradient, inputs = found.gradient.reshape(flat), given.reshape(flat)
    size: FloatArray = np.sqrt(np.square(gradient).sum(axis=2))
    signed: FloatArray = (gradient * inputs).sum(axis=2)
    return TokenSaliency(size, signed, units, found.values)


def _objective(scene: Scene, layer: Layer, rows: FloatArray) -> tuple[Ids, Objective]:
    """The likeliest score of each, where it is one of many places, of the last token."""
    if not layer.is_sequence:
        places = tuple(n for n in range(1, rows.ndim) if n != 1 + layer.unit_axis)
        units = np.nan_to_num(rows).mean(axis=places).argmax(axis=1)
        return units, Objective(layer.name, units, "mean")
    lengths = [len(text) for text in scene.probe.tokens] or [rows.shape[1]] * len(rows)
    last = np.minimum(np.array(lengths[: len(rows)]), rows.shape[1]) - 1
    units = np.nan_to_num(rows[np.arange(len(rows)), last]).argmax(axis=1)
    return units, Objective(layer.name, units, last)


def saliency_frames(scene: Scene) -> Iterator[Frame]:
    """What each token, or step, does to the likeliest score."""
    found = token_saliency(scene, None)
    columns = {"class": found.units.astype(np.float32), "score": found.scores.astype(np.float32)}
    for part, values in (("tokens", found.size), ("tokens_signed", found.signed)):
        yield Frame(scene.network.score_layer, values, part, columns=columns)
