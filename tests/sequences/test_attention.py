"""Where heads look, however a network spells its attention."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import vizframe
from tests.sequences.forms import FORMS, STEPS, TEXTS, TOKENS, scene_of
from vizframe.errors import Inapplicable
from vizframe.gluon.call import batch_of
from vizframe.gluon.compat import mx
from vizframe.gluon.view import view
from vizframe.network import FloatArray
from vizframe.network.layer import select
from vizframe.network.probe import probe_of
from vizframe.plugin import Scene
from vizframe.plugins.attention import Attention
from vizframe.recording.declare import checked_frames

nn = mx.gluon.nn
WIDTH, HEADS = 8, 2


class Looking(mx.gluon.HybridBlock):  # type: ignore[misc]  # MXNet ships no types
    """A small transformer of one attention, which a subclass spells."""

    heads = HEADS

    def __init__(self) -> None:
        super().__init__()
        with self.name_scope():
            self.words, self.norm = nn.Embedding(TOKENS, WIDTH), nn.LayerNorm()
            self.query, self.key, self.value, self.out = (
                nn.Dense(width, flatten=False) for width in (WIDTH, WIDTH, WIDTH, TOKENS)
            )

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        rows = self.words(x)
        return self.out(self.norm(rows + self.look(F, rows)))

    def look(self, F: Any, rows: Any) -> Any:
        raise NotImplementedError


class OfFourAxes(Looking):
    def look(self, F: Any, rows: Any) -> Any:
        def split(given: Any) -> Any:
            return F.transpose(F.reshape(given, (0, 0, HEADS, -1)), (0, 2, 1, 3))

        asked, known = split(self.query(rows)), split(self.key(rows))
        shares = F.softmax(F.linalg_gemm2(asked, known, transpose_b=True) / 2)
        seen = F.linalg_gemm2(shares, split(self.value(rows)))
        return F.reshape(F.transpose(seen, (0, 2, 1, 3)), (0, 0, -1))


class OfMergedHeads(Looking):
    def look(self, F: Any, rows: Any) -> Any:
        def split(given: Any) -> Any:
            apart = F.transpose(F.reshape(given, (0, 0, HEADS, -1)), (0, 2, 1, 3))
            return F.reshape(apart, (-1, 0, 0), reverse=True)

        match = F.batch_dot(split(self.query(rows)), split(self.key(rows)), transpose_b=True)
        seen = F.batch_dot(F.softmax(match / 2), split(self.value(rows)))
        apart = F.reshape(seen, (-1, HEADS, 0, 0), reverse=True)
        return F.reshape(F.transpose(apart, (0, 2, 1, 3)), (0, 0, -1))


class Interleaved(Looking):
    def look(self, F: Any, rows: Any) -> Any:
        every = [block(rows) for block in (self.query, self.key, self.value)]
        apart = [F.reshape(each, (0, 0, HEADS, -1)) for each in every]
        given = F.transpose(F.reshape(F.concat(*apart, dim=3), (0, 0, -1)), (1, 0, 2))
        match = F.contrib.interleaved_matmul_selfatt_qk(given, heads=HEADS)
        seen = F.contrib.interleaved_matmul_selfatt_valatt(given, F.softmax(match), heads=HEADS)
        return F.transpose(seen, (1, 0, 2))


class OfOneHead(Looking):
    heads = 1

    def look(self, F: Any, rows: Any) -> Any:
        match = F.batch_dot(self.query(rows), self.key(rows), transpose_b=True)
        return F.batch_dot(F.softmax(match / np.sqrt(8)), self.value(rows))


SPELLINGS: list[type[Looking]] = [OfFourAxes, OfMergedHeads, Interleaved, OfOneHead]


def ready(spelling: type[Looking]) -> tuple[Any, Any]:
    mx.random.seed(0)
    net = spelling()
    net.initialize(mx.init.Normal(0.5))
    tokens = mx.nd.array(np.random.default_rng(0).integers(0, TOKENS, (TEXTS, STEPS)))
    net(tokens)
    return net, tokens


def by_hand(net: Any, tokens: Any) -> FloatArray:
    """(text, head, time, source), in NumPy."""
    rows = net.words(tokens)
    asked, known = (
        block(rows).asnumpy().reshape(TEXTS, STEPS, net.heads, -1).transpose(0, 2, 1, 3)
        for block in (net.query, net.key)
    )
    match = asked @ known.swapaxes(2, 3) / np.sqrt(WIDTH / net.heads)
    chances: FloatArray = np.exp(match) / np.exp(match).sum(axis=3, keepdims=True)
    return chances


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_heads_look_from_tokens_to_tokens(spelling: type[Looking]) -> None:
    net, tokens = ready(spelling)
    batch = batch_of(net, [tokens])
    network = view(net, batch.inputs.shape[1:], call=batch.call)
    scene = Scene(network, select(network.layers), probe_of(batch.inputs))
    (frame,) = checked_frames(Attention(), scene)
    wanted = by_hand(net, tokens)
    np.testing.assert_allclose(frame.values, wanted, rtol=1e-4, atol=1e-6)
    away = np.abs(np.arange(STEPS)[:, None] - np.arange(STEPS))
    np.testing.assert_allclose(frame.columns["distance"], (wanted * away).sum(3).mean(2), rtol=1e-4)
    bits = -(wanted * np.log2(wanted)).sum(3).mean(2)
    np.testing.assert_allclose(frame.columns["entropy"], bits, rtol=1e-4)
    (cut,) = checked_frames(Attention(images=1, longest=5), scene)
    assert cut.values.shape == (1, net.heads, 5, 5)
    assert cut.notes == ("The first 5 of 12 tokens",)


def test_a_transformer_is_recorded(tmp_path: Path) -> None:
    net, tokens = ready(OfFourAxes)
    with vizframe.Recorder(net, tmp_path / "run", plugins=["attention"], strict=True) as recorder:
        with mx.autograd.record():
            net(tokens)
        recorder.step()
    with vizframe.open(tmp_path / "run") as run:
        ((kind, layer),) = list(run)
        series = run[kind, layer]
        assert (kind, series.declaration.draw) == ("attention", "attention")
        assert series.sizes == {"probe": TEXTS, "head": HEADS, "time": STEPS, "source": STEPS}
        np.testing.assert_allclose(np.asarray(series.at()), by_hand(net, tokens), atol=1 / 255)


def test_a_network_without_attention_has_none() -> None:
    scene = scene_of(FORMS["lstm"])
    with pytest.raises(Inapplicable, match="no attention over a sequence"):
        list(Attention().visualize(replace(scene, step=1)))
