"""Recurrent nets whose sequences lie either way round have time called time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from vizframe.network import Network
from vizframe.torch.adapter import network
from vizframe.torch.calls import batch_of

WORDS, TIME, TEXTS = 9, 7, 3


class Reader(nn.Module):
    """``turned``: given (text, time), it turns them round for a layer that reads time first."""

    def __init__(self, embeds: bool, *, turned: bool, batch_first: bool = False) -> None:
        super().__init__()
        self.embedding = nn.Embedding(WORDS, 4) if embeds else nn.Identity()
        self.rnn = nn.LSTM(4, 5, batch_first=batch_first)
        self.scores = nn.Linear(5, WORDS)
        self.turned = turned

    def forward(self, given: Any) -> Any:
        found = self.embedding(given.transpose(0, 1) if self.turned else given)
        states = self.rnn(found)[0]
        return self.scores(states.transpose(0, 1) if self.turned else states)


def sequences(embeds: bool) -> Any:
    """(text, time) or (text, time, feature)."""
    draw = np.random.default_rng(0)
    if embeds:
        return torch.from_numpy(draw.integers(0, WORDS, (TEXTS, TIME)))
    return torch.from_numpy(draw.normal(size=(TEXTS, TIME, 4)).astype(np.float32))


def asked(net: nn.Module, given: Any) -> tuple[Network, Any]:
    """The network as it was seen to be called, and its inputs, the axis of the texts first."""
    batch = batch_of(net, (given,), {})
    assert batch is not None
    return network(net, batch.inputs, call=batch.call), batch.inputs


@pytest.mark.parametrize("embeds", [True, False], ids=["tokens", "floats"])
@pytest.mark.parametrize("form", ["time first", "turned round", "batch first"])
def test_both_ways_round_give_text_time_and_unit(embeds: bool, form: str) -> None:
    net = Reader(embeds, turned=form == "turned round", batch_first=form == "batch first").eval()
    own = sequences(embeds)
    is_first = form == "time first"
    given = own.transpose(0, 1).contiguous() if is_first else own
    found, inputs = asked(net, given)
    np.testing.assert_array_equal(inputs, own.numpy())
    axes = {each.name: each.axes for each in found.layers if each.name in ("rnn", "scores")}
    assert axes == dict.fromkeys(("rnn", "scores"), ("time", "unit"))
    with torch.no_grad():
        scores = net(given).numpy()
    wanted = scores.transpose(1, 0, 2) if is_first else scores
    np.testing.assert_allclose(found.activations(inputs, ["scores"])["scores"], wanted, atol=1e-6)


def test_no_axis_of_tokens_is_called_a_unit() -> None:
    found, _ = asked(Reader(True, turned=True), sequences(True))
    assert found.layers[0].axes == ("time",)


def test_the_way_round_is_found_once_for_a_net(monkeypatch: pytest.MonkeyPatch) -> None:
    net = Reader(True, turned=False)
    given = sequences(True).transpose(0, 1)
    first = batch_of(net, (given,), {})
    monkeypatch.setattr("vizframe.torch.time_first.has_time_first", None)
    again = batch_of(net, (given,), {})
    assert first is not None
    assert again is not None
    assert (first.call.axis, again.call.axis) == (1, 1)
