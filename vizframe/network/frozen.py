"""A network as it was at one moment, apart from the model: what it takes to ask it later, in
another process or on another machine, and to get the same numbers.

    network ── freeze ──► Frozen(description, arrays) ══ a file ══ thaw ──► FrozenNetwork
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from vizframe.network.call import Call
from vizframe.network.network import Network

Arrays = Mapping[str, npt.NDArray[np.generic]]
"""Weights and states by their full names."""


@dataclass(frozen=True, slots=True, eq=False)
class Frozen:
    """
    Attributes:
        description: JSON; the same for all moments of one network. It is data: reading it runs
            no code of whoever wrote it.
        arrays: a copy of the weights and states.
    """

    description: str
    arrays: Arrays


class FrozenNetwork(Protocol):
    """A network whose weights are given to it."""

    @property
    def network(self) -> Network: ...

    def fill(self, arrays: Arrays) -> None:
        """From now on it computes with these. Raises NetworkError where they do not fit."""
        ...


@runtime_checkable
class Freezer(Protocol):
    """What an adapter offers that can freeze its networks."""

    def freeze(self, network: Network) -> Frozen:
        """Raises NetworkError for a network that only its own code can compute."""
        ...

    def thaw(
        self,
        frozen: Frozen,
        input_shape: tuple[int, ...],
        *,
        call: Call,
        class_names: Sequence[str] | None = None,
        memory: int | None = None,
    ) -> FrozenNetwork:
        """Raises NetworkError where the description is not one that this adapter wrote."""
        ...
