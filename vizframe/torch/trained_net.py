"""What an optimiser of a training that is watched updates."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Self

from vizframe.graph.epochs import Epochs
from vizframe.torch.owners import net_of
from vizframe.torch.thread_state import SeenCall
from vizframe.torch.update_rounds import UpdateRounds


@dataclass(slots=True, eq=False)
class TrainedNet:
    """A net, and the module that the script calls: the net itself, one around it, or one with the
    loss in it.

    Attributes:
        is_plain: whether it is called by its forward.
        updates: that its optimisers have made.
        wanted: whether the batch of its coming update is.
    """

    model: Any
    called: Any
    is_plain: bool = False
    epochs: Epochs = field(default_factory=Epochs)
    rounds: UpdateRounds = field(default_factory=UpdateRounds)
    updates: int = 0
    wanted: bool = True

    @classmethod
    def of(cls, call: SeenCall, updated: set[int]) -> Self:
        """The net of a call, whose parameters an optimiser updates."""
        return cls(net_of(call, updated), call.module, call.is_plain)


@dataclass(slots=True, eq=False)
class Trained:
    """What an optimiser updates: nets, and how often it has."""

    nets: list[TrainedNet]
    steps: int = 0
