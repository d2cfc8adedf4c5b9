"""Updates that no optimiser makes are seen by what they leave."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from tests.torch.observing import Told
from tests.torch.small import data, small_net
from vizframe.torch.training import watch_trainings

LOSS = nn.CrossEntropyLoss()


def loss_of(net: Any) -> Any:
    images, labels = data()
    return LOSS(net(images[:8]), labels[:8])


def by_backward(net: Any) -> None:
    loss_of(net).backward()
    for each in net.parameters():
        each.data.add_(each.grad, alpha=-0.1)
    net.zero_grad()


def by_grad(net: Any) -> None:
    found = torch.autograd.grad(loss_of(net), list(net.parameters()))
    with torch.no_grad():
        for each, gradient in zip(net.parameters(), found, strict=True):
            each -= 0.1 * gradient


def weights(net: Any) -> list[Any]:
    return [each.detach().clone() for each in net.parameters()]


class Seeing(Told):
    """Keeps the weights that the net has when it is told of."""

    def __init__(self) -> None:
        super().__init__()
        self.weights: list[list[Any]] = []

    def before_update(self, model: Any, batch: Callable[[], Any]) -> None:
        self.weights.append(weights(model))
        super().before_update(model, batch)


@pytest.mark.parametrize("update", [by_backward, by_grad])
def test_they_are_told_with_the_weights_as_they_were(update: Callable[[Any], None]) -> None:
    net, told = small_net(), Seeing()
    started, own = weights(net), [each.data_ptr() for each in net.parameters()]
    end = watch_trainings(told)
    for _ in range(3):
        update(net)
    left = weights(net)
    end()
    assert all(map(torch.equal, told.weights[0], started))
    assert all(map(torch.equal, weights(net), left))
    assert [each.data_ptr() for each in net.parameters()] == own
    assert len(told.after) == 3
    assert [set(each[1]) for each in told.after] == [{"loss"}] * 3
    (batch,) = told.batches.values()
    assert batch.inputs.shape == (8, 1, 8, 8)


def test_a_net_that_is_only_differentiated_or_follows_another_is_not_trained() -> None:
    told, net, other = Seeing(), small_net(), small_net()
    end = watch_trainings(told)
    for _ in range(5):
        loss_of(net).backward()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    for _ in range(3):
        optimizer.zero_grad()
        (loss_of(net) + loss_of(other)).backward()
        optimizer.step()
        for own, each in zip(other.parameters(), net.parameters(), strict=True):
            own.data.lerp_(each.data, 0.1)
    end()
    assert all(each[0] is net for each in told.after)
    assert len(told.after) == 3
