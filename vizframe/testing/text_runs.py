"""A run of a network that reads texts, made in milliseconds: units over time, and predictions.

    run = text_run(["def f(x):\\n"], units=8)

Each unit follows something that the text has (the place in the line, capitals, blanks, brackets),
more of it at every step; the same arguments give the same run, bit by bit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from vizframe.history import Declaration, LayerInfo, RunInfo, SeriesKey, StepRecord
from vizframe.history.memory import MemoryRun
from vizframe.network import FloatArray
from vizframe.network.probe import Probe
from vizframe.plugin.frame import Draw, Frame
from vizframe.testing.runs import CREATED, fake_info

STEPS = range(0, 100, 20)
RANKS = 5
FOLLOWED = 5
"""Things that a text has, of which each unit follows one."""


def text_probe(texts: Sequence[Sequence[str]]) -> Probe:
    """Texts as numbers of their tokens, in the order of the alphabet; the shorter are filled up."""
    vocabulary = sorted({token for each in texts for token in each})
    numbers = {token: number for number, token in enumerate(vocabulary)}
    longest = max(map(len, texts))
    inputs = np.zeros((len(texts), longest), np.float32)
    for row, each in zip(inputs, texts, strict=True):
        row[: len(each)] = [numbers[token] for token in each]
    return Probe(inputs, tokens=tuple(map(tuple, texts)), vocabulary=tuple(vocabulary))


def text_run(
    texts: Sequence[Sequence[str]],
    *,
    units: int = 8,
    heads: int = 0,
    steps: Sequence[int] = STEPS,
) -> MemoryRun:
    """A filled run in memory, of a layer ``rnn`` of so many units, one ``out``, and, with heads,
    one ``attend``."""
    probe = text_probe(texts)
    run = MemoryRun(text_info(probe, units), probe)
    with run.writer() as writer:
        for record in text_records(probe, units, steps, heads):
            writer.commit(record)
    return run


def text_info(probe: Probe, units: int) -> RunInfo:
    """What is known of such a run."""
    longest = probe.images.shape[1]
    layers = (
        LayerInfo(
            name="rnn",
            operator="RNN",
            kind="recurrent",
            axes=("time", "unit"),
            shape=(longest, units),
            units=units,
        ),
        LayerInfo(name="out", operator="FullyConnected", kind="dense", shape=(longest, 9), units=9),
    )
    return fake_info("text", layers)


def text_records(
    probe: Probe, units: int, steps: Sequence[int], heads: int = 0
) -> Iterator[StepRecord]:
    """What a recording of it would commit."""
    cell = np.stack([_cells(each, units, probe.images.shape[1]) for each in probe.tokens])
    for step in steps:
        grown = 1 - np.exp(-(step + 10) / 60)
        yield StepRecord(
            step=step,
            frames=[
                *_frames(probe, cell, float(grown)),
                *_attention(probe, heads, float(grown)),
            ],
            scalars={"loss": float(5 * np.exp(-step / 60))},
            time=CREATED + step,
            epoch=step / 100,
        )


def _frames(probe: Probe, cell: FloatArray, grown: float) -> list[tuple[Declaration, Frame]]:
    surprise = np.abs(cell[:, 0]) * (6 - 5 * grown)
    surprise[:, 0] = np.nan
    predicted = _predictions(probe, grown)
    return [
        _series("recurrent", "rnn", "cell", ("probe", "unit", "time"), cell * grown, signed=True),
        _series("prediction", "out", "surprise", ("probe", "time"), surprise),
        *(
            _series("prediction", "out", part, ("probe", "rank", "time"), values)
            for part, values in zip(("likeliest", "probability"), predicted, strict=True)
        ),
        _series("prediction", "out", "continuation", ("probe", "time"), predicted[0][:, 0, :12]),
    ]


def _attention(probe: Probe, heads: int, grown: float) -> list[tuple[Declaration, Frame]]:
    """Heads that look one, two, … tokens back, more surely at every step."""
    if not heads:
        return []
    count, longest = probe.images.shape
    shares = np.tri(longest, dtype=np.float32)[None].repeat(heads, axis=0)
    for head in range(heads):
        back = np.arange(longest) - head - 1
        shares[head, back >= 0, back[back >= 0]] += 20 * grown
    shares /= shares.sum(axis=-1, keepdims=True)
    values = shares[None].repeat(count, axis=0)
    axes = ("probe", "head", "time", "source")
    return [_series("attention", "attend", "", axes, values, draw="attention")]


def _cells(tokens: Sequence[str], units: int, longest: int) -> FloatArray:
    """What every unit says to a text, (unit, time) from −1 to 1."""
    follows = np.zeros((longest, FOLLOWED), np.float32)
    column = depth = 0
    for place, token in enumerate(tokens):
        column = 0 if token.endswith("\n") else column + len(token)
        depth += token.count("(") - token.count(")")
        capital = token[:1].isupper()
        follows[place] = (column / 40 - 1, depth, token.isspace() * 2 - 1, capital, -column / 80)
    unit = np.arange(units)[:, None]
    wave = 0.3 * np.sin(np.arange(longest) / (3 + unit))
    cells: FloatArray = np.tanh(follows.T[unit[:, 0] % FOLLOWED] + wave).astype(np.float32)
    cells[:, len(tokens) :] = 0
    return cells


def _predictions(probe: Probe, grown: float) -> tuple[FloatArray, FloatArray]:
    """Numbers of tokens and probabilities, (probe, rank, time): the right one is the likeliest."""
    numbers = np.stack([np.roll(probe.images, -1 - rank, axis=1) for rank in range(RANKS)], axis=1)
    shares = np.float32(grown) * np.float32(0.5) ** np.arange(1, 1 + RANKS, dtype=np.float32)
    spread = np.broadcast_to(shares[None, :, None], numbers.shape)
    return numbers.astype(np.float32), np.ascontiguousarray(spread)


def _series(
    label: str,
    layer: str,
    part: str,
    axes: tuple[str, ...],
    values: FloatArray,
    *,
    signed: bool = False,
    draw: Draw = "text",
) -> tuple[Declaration, Frame]:
    inside = 2 if draw == "attention" else 1
    exact = part in ("likeliest", "probability", "continuation")
    declaration = Declaration(
        key=SeriesKey(label=label, layer=layer, part=part),
        plugin=label,
        help=f"What {label} shows.",
        title=part,
        axes=axes,
        tile_shape=values.shape[:-inside],
        picture_shape=values.shape[-inside:],
        signed=signed,
        draw=draw,
        encoding="float32" if exact else "uint8",
    )
    return declaration, Frame(layer, values.astype(np.float32), part)
