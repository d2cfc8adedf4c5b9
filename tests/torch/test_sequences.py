"""Time is time in recurrent nets, however they are written, and units are units."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from vizframe.network import Network
from vizframe.network.call import Call
from vizframe.torch.view import view

from .device import DEVICE

STEPS, WIDTH, UNITS, CLASSES = 7, 6, 4, 3
SEQUENCE = ("time", "unit")


class Words(nn.Module):
    """Words, a recurrent layer or what a subclass has, and a dense layer."""

    def __init__(self, inner: Any, features: int = UNITS) -> None:
        super().__init__()
        self.embedding, self.inner = nn.Embedding(20, WIDTH), inner
        self.head = nn.Linear(features, CLASSES)

    def forward(self, words: Any) -> Any:
        given = self.embedding(words)
        if self.inner.batch_first:
            return self.head(self.inner(given)[0][:, -1])
        return self.head(self.inner(given.transpose(0, 1))[0][-1])


class OfState(Words):
    """The head reads the last layer's state, as people do."""

    def forward(self, words: Any) -> Any:
        state = self.inner(self.embedding(words))[1]
        state = state[0] if isinstance(state, tuple) else state
        return self.head(torch.cat([state[-2], state[-1]], 1))


class OfCells(Words):
    """A cell called at each step; ``axis``: where the steps are laid beside each other."""

    axis = 1

    def forward(self, words: Any) -> Any:
        state, steps = None, []
        for each in self.embedding(words).unbind(1):
            state = self.inner(each, state)
            steps.append(state[0] if isinstance(state, tuple) else state)
        return self.head(torch.stack(steps, self.axis)).mean(self.axis)


class OfCellsInFront(OfCells):
    axis = 0


class ByHand(nn.Module):
    """A recurrent layer of dense layers, its steps joined."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding, self.read = nn.Embedding(20, WIDTH), nn.Linear(WIDTH, UNITS)
        self.keep, self.head = nn.Linear(UNITS, UNITS), nn.Linear(UNITS, CLASSES)

    def forward(self, words: Any) -> Any:
        given, steps = self.embedding(words), []
        state = given.new_zeros(len(words), UNITS)
        for time in range(given.shape[1]):
            state = torch.tanh(self.read(given[:, time]) + self.keep(state))
            steps.append(state.unsqueeze(1))
        return self.head(torch.cat(steps, 1))[:, -1]


class TimeFirst(Words):
    """It is given (time, batch)."""

    def forward(self, words: Any) -> Any:
        return self.head(self.inner(self.embedding(words))[0][-1])


class Numbers(nn.Module):
    """A series of numbers, from which every step is told."""

    def __init__(self, *, turned: bool) -> None:
        super().__init__()
        self.turned = turned
        self.inner, self.head = nn.GRU(WIDTH, UNITS, batch_first=not turned), nn.Linear(UNITS, 5)

    def forward(self, given: Any) -> Any:
        output, _ = self.inner(given.transpose(0, 1) if self.turned else given)
        scores = self.head(output)
        return scores.transpose(0, 1) if self.turned else scores


def seen(module: Any, shape: tuple[int, ...] = (STEPS,), **options: Any) -> Network:
    """The view, which gives what the module gives; no layer calls its time a unit."""
    module = module.to(DEVICE).eval()
    network = view(module, shape, **options)
    draw = np.random.default_rng(0)
    given = draw.integers(0, 20, (3, *shape)) if len(shape) == 1 else draw.random((3, *shape))
    batch = torch.from_numpy(given).to(DEVICE)
    call = options.get("call", Call())
    batch = batch.long() if len(shape) == 1 else batch.float()
    own = module(batch.movedim(0, 1) if call.axis else batch).detach().cpu().numpy()
    assert np.allclose(network.scores(given.astype(np.float32)), own, atol=1e-5)
    for layer in network.layers:
        units = dict(zip(layer.axes, layer.shape, strict=True)).get("unit")
        assert units != STEPS, layer
    return network


def axes(network: Network, name: str) -> tuple[tuple[str, ...], tuple[int, ...]]:
    layer = network.layer(name)
    return tuple(layer.axes), layer.shape


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU, nn.RNN])
@pytest.mark.parametrize(("first", "ways"), [*itertools.product((True, False), (1, 2))])
def test_recurrent_layers_give_units_at_each_time(kind: Any, first: bool, ways: int) -> None:
    inner = kind(WIDTH, UNITS, batch_first=first, bidirectional=ways == 2)
    network = seen(Words(inner, UNITS * ways))
    assert network.score_layer == "head"
    assert axes(network, "embedding") == (SEQUENCE, (STEPS, WIDTH))
    assert axes(network, "inner") == (SEQUENCE, (STEPS, UNITS * ways))
    assert axes(network, "head") == (("unit",), (CLASSES,))


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU, nn.RNN])
def test_a_state_has_units_for_each_layer_and_way(kind: Any) -> None:
    inner = kind(WIDTH, UNITS, 2, batch_first=True, bidirectional=True)
    network = seen(OfState(inner, 2 * UNITS))
    assert network.score_layer == "head"
    state = network.layer("head").inputs[0]
    assert axes(network, state) == (("unit",), (2 * UNITS,))
    (whole,) = (each for each in network.layers if each.axes == ("place", "unit"))
    assert (whole.name, whole.shape) == ("inner.hidden", (4, UNITS))
    assert not whole.is_recurrent


@pytest.mark.parametrize("kind", [nn.LSTMCell, nn.GRUCell, nn.RNNCell])
@pytest.mark.parametrize("net", [OfCells, OfCellsInFront])
def test_steps_laid_beside_each_other_are_time(kind: Any, net: Any) -> None:
    network = seen(net(kind(WIDTH, UNITS)))
    assert axes(network, "inner.call3") == (("unit",), (UNITS,))
    assert axes(network, "stack") == (SEQUENCE, (STEPS, UNITS))
    assert axes(network, "head") == (SEQUENCE, (STEPS, CLASSES))
    assert axes(network, network.score_layer) == (("unit",), (CLASSES,))


def test_recurrent_layers_by_hand_are_sequences_too() -> None:
    network = seen(ByHand())
    assert axes(network, "read.call2") == (("unit",), (UNITS,))
    assert axes(network, "cat") == (SEQUENCE, (STEPS, UNITS))
    assert axes(network, "head") == (SEQUENCE, (STEPS, CLASSES))
    assert not any("zeros" in layer.name for layer in network.layers)


def test_words_may_come_with_time_first() -> None:
    network = seen(TimeFirst(nn.LSTM(WIDTH, UNITS)), call=Call(axis=1, dtype="int64"))
    assert network.score_layer == "head"
    assert axes(network, "embedding") == (SEQUENCE, (STEPS, WIDTH))
    assert axes(network, "inner") == (SEQUENCE, (STEPS, UNITS))


@pytest.mark.parametrize("turned", [False, True])
def test_series_of_numbers_are_sequences(turned: bool) -> None:
    network = seen(Numbers(turned=turned), (STEPS, WIDTH))
    assert axes(network, "inner") == (SEQUENCE, (STEPS, UNITS))
    assert axes(network, "head") == (SEQUENCE, (STEPS, 5))
    assert axes(network, network.score_layer) == (SEQUENCE, (STEPS, 5))
