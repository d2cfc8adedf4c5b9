"""What a net's own code keeps is what it was after it was asked."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from vizframe.graph.own_state import own_state_aside

calls = 0
seen: list[int] = []
drawing = np.random.RandomState(3)


class Meter:
    def __init__(self) -> None:
        self.count, self.values = 0, deque([0.0], maxlen=3)


class Total:
    every = 0
    names: list[str] = []  # noqa: RUF012  # as people write them


def note(value: float) -> None:
    seen.append(int(value))
    Total.every += 1
    Total.names.append("x")


class Net:
    """Counts wherever one can."""

    made = 0

    def __init__(self) -> None:
        self.draw = random.Random(4)
        self.means = np.zeros(2)
        self.meter = Meter()
        self.kept: dict[str, Any] = {"last": [np.zeros(1)]}
        self.both = (np.zeros(1), "name")

    def forward(self, value: float) -> float:
        global calls
        calls += 1
        note(value)
        self.made += 1
        self.means += value
        self.meter.count += 1
        self.meter.values.append(value)
        self.kept["last"][0][:] = value
        self.kept["new"] = value
        self.both[0][:] = value
        self.extra = value
        return value + self.draw.random() + drawing.rand()


def state(net: Net) -> list[object]:
    return [
        *(calls, list(seen), Total.every, list(Total.names), net.made, net.meter.count),
        *(list(net.meter.values), net.means.tolist(), net.both[0].tolist(), sorted(vars(net))),
        *(net.kept["last"][0].tolist(), sorted(net.kept), net.draw.getstate()),
        str(drawing.get_state()),
    ]


def aside(net: object) -> Any:
    return own_state_aside([net], lambda _: None, frozenset(), ())


def break_off(net: Net) -> None:
    with aside(net):
        net.forward(2.0)
        raise RuntimeError


def test_everything_that_it_writes_to_is_as_it_was() -> None:
    net = Net()
    before = state(net)
    with aside(net):
        first = net.forward(1.0)
        assert state(net) != before
    assert state(net) == before
    with pytest.raises(RuntimeError):
        break_off(net)
    assert state(net) == before
    assert net.forward(1.0) == first


def net_with_a_count() -> tuple[Any, Any]:
    count, kept = 0, [0]

    class Counting:
        def forward(self) -> int:
            nonlocal count
            count += 1
            kept[0] += 1
            return count

    return Counting(), lambda: (count, kept)


def test_so_is_what_the_function_around_it_has() -> None:
    net, told = net_with_a_count()
    with aside(net):
        assert (net.forward(), net.forward()) == (1, 2)
    assert told() == (0, [0])


class Ring:
    """Objects that hold each other, are no plain records, or are the framework's."""

    def __init__(self) -> None:
        self.whole: list[Any] = []
        self.whole.append(self.whole)
        self.lines: Iterator[int] = iter(())
        self.owner = self
        self.kind = Total
        self.module = np


def test_what_holds_itself_is_copied_once_and_what_is_no_state_stays() -> None:
    net = Ring()
    lines, whole = net.lines, net.whole
    with own_state_aside([net], lambda _: None, frozenset(), (Ring,)):
        assert net.whole is not whole
        assert (net.lines, net.owner, net.kind, net.module) == (lines, net, Total, np)
    assert net.whole is whole
