"""Which Block a Trainer trains.

calls                         the Trainer's parameters          the net
net(x), loss(…)               net.collect_params()              net
net(x)                        net.output.collect_params()       net, of which the head is trained
TrainNet(net, loss)(x, y)     net.collect_params()              net, inside the Block that is called
net.loss_of(x, y)             net.collect_params()              net, of whose children are called
encoder(x), decoder(…)        those of both                     encoder and decoder
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from vizframe.gluon.training.calls import RecordedCall, SeenCalls
from vizframe.gluon.training.ranks import RankMonitor
from vizframe.graph.epochs import Epochs


@dataclass(frozen=True, slots=True, eq=False)
class TrainedNet:
    """A net, and the Block that the script calls: the net itself, or one with the loss in it."""

    model: Any
    called: Any
    epochs: Epochs = field(default_factory=Epochs)
    monitor: RankMonitor = field(default_factory=RankMonitor)


def trained_nets(updated: set[int], declared: Any, seen: SeenCalls) -> list[TrainedNet]:
    """The nets whose parameters are about to be updated; none where no Block was seen.

    Args:
        updated: the parameters' identities.
        declared: the Block that they were collected from, where that is known.
    """
    owning = [
        (count, call)
        for call in seen.outermost.values()
        if (count := len(updated & owned_by(call.block)))
    ]
    most, call = max(owning, key=lambda pair: pair[0], default=(0, None))
    if call is not None and most == len(updated):
        return [TrainedNet(_inner_net(call, declared), call.block)]
    if (
        declared is not None
        and updated <= owned_by(declared)
        and not _is_shelf(declared, owning, seen)
    ):
        return [TrainedNet(declared, declared)]
    if call is not None and len(owning) == 1:
        return [TrainedNet(_inner_net(call, declared), call.block)]
    return [TrainedNet(call.block, call.block) for _, call in owning]


def _is_shelf(declared: Any, owning: Sequence[tuple[int, RecordedCall]], seen: SeenCalls) -> bool:
    """Whether the script never calls it and takes its children from it, each of which is one."""
    called = id(declared) in seen.outermost or id(declared) in seen.owners
    return bool(owning) and not called


def owned_by(block: Any) -> set[int]:
    """The identities of the Block's parameters, and its children's."""
    return {id(each) for each in block.collect_params().values()}


def _inner_net(call: RecordedCall, declared: Any) -> Any:
    """The Block that is called, or the one inside it that has all of its parameters, where the
    other inputs are for the loss."""
    whole = owned_by(call.block)
    inside = list(_within(call.block))
    if any(each is declared for each in inside) and owned_by(declared) == whole:
        return declared
    if len(call.inputs) < 2 or call.block is declared:
        return call.block
    heirs = [each for each in call.block._children.values() if owned_by(each) == whole]
    return heirs[0] if len(heirs) == 1 else call.block


def _within(block: Any) -> Iterator[Any]:
    yield block
    for child in block._children.values():
        yield from _within(child)
