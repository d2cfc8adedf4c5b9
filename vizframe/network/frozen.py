"""A network as it was at one moment, apart from the model: what it takes to ask it later, in
another process or on another machine, and to get the same numbers.

    network ── freeze ──► Frozen(description, arrays) ══ a file ══ thaw ──► FrozenNetwork
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from vizframe.errors import NetworkError
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
        arrays: the weights and states, each copied when it is asked for: to be read before the
            training goes on.
        size: their bytes, as far as that is known without a copy.
    """

    description: str
    arrays: Arrays
    size: int = 0


@dataclass(frozen=True, slots=True)
class CopiedArrays(Mapping[str, npt.NDArray[np.generic]]):
    """Arrays that lie in a framework's memory, each copied when it is asked for."""

    read: Mapping[str, Callable[[], npt.NDArray[np.generic]]]

    def __getitem__(self, name: str) -> npt.NDArray[np.generic]:
        return self.read[name]()

    def __iter__(self) -> Iterator[str]:
        return iter(self.read)

    def __len__(self) -> int:
        return len(self.read)


def refuse_others(arrays: Arrays, shapes: Mapping[str, tuple[int, ...]]) -> None:
    """Raises NetworkError where the arrays are not all those of these names and shapes."""
    if {name: each.shape for name, each in arrays.items()} != shapes:
        raise NetworkError("the weights are those of another network")


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
