"""Scores are those before the softmax or sigmoid, whatever a module does behind it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional

from vizframe.attribution.target import are_probabilities
from vizframe.torch.view import view

End = Callable[[Any], Any]


def written_out(scores: Any) -> Any:
    exponents = (scores - scores.max(dim=1, keepdim=True)[0]).exp()
    return exponents / exponents.sum(dim=1, keepdim=True)


FOUND: dict[str, End] = {
    "nothing": lambda z: z,
    "softmax": lambda z: z.softmax(1),
    "a module": torch.nn.LogSoftmax(1),
    "sigmoid": torch.sigmoid,
    "logsigmoid": functional.logsigmoid,
    "reshaped": lambda z: z.softmax(1).view(-1, 4, 1).squeeze(2).float(),
    "clamped": lambda z: z.softmax(1).clamp(min=1e-7),
    "log": lambda z: torch.log(functional.softmax(z, -1) + 1e-9),
    "times one": lambda z: 1.0 * z.softmax(1).contiguous(),
    "written out": written_out,
}
LOST: dict[str, End] = {
    "averaged": lambda z: (z.softmax(1) + (z * 2).softmax(1)) / 2,
    "halved": lambda z: z.softmax(1) * 0.5,
    "the smallest first": lambda z: functional.softmin(z, 1),
    "how unlikely": lambda z: 1 - z.softmax(1),
}
IMAGES = np.random.default_rng(0).random((2, 2, 6, 6)).astype(np.float32)


class Net(torch.nn.Module):
    def __init__(self, end: End) -> None:
        super().__init__()
        self.conv, self.dense, self.end = torch.nn.Conv2d(2, 3, 3), torch.nn.Linear(48, 4), end

    def logits(self, x: Any) -> Any:
        return self.dense(torch.relu(self.conv(x)).flatten(1))

    def forward(self, x: Any) -> Any:
        return self.end(self.logits(x))


@pytest.mark.parametrize("end", FOUND)
def test_scores_before_the_softmax_are_found(end: str) -> None:
    net = Net(FOUND[end])
    network = view(net, IMAGES.shape[1:])
    assert network.score_layer == "dense"
    wanted = net.logits(torch.tensor(IMAGES)).detach().numpy()
    np.testing.assert_allclose(network.scores(IMAGES), wanted, rtol=1e-5, atol=1e-6)
    assert not are_probabilities(network)


@pytest.mark.parametrize("end", LOST)
def test_where_they_cannot_be_found_the_network_gives_probabilities(end: str) -> None:
    net = Net(LOST[end])
    network = view(net, IMAGES.shape[1:])
    assert network.score_layer != "dense"
    wanted = net(torch.tensor(IMAGES)).detach().numpy()
    np.testing.assert_allclose(network.scores(IMAGES), wanted, rtol=1e-5, atol=1e-6)
    assert are_probabilities(network)
