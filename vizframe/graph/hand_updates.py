"""Updates that nothing announces: a script changes the weights itself, after a backward pass. They
are found by what they leave, in the same way for every framework:

    net(x) ─► backward ─► …the script changes the weights… ─► net(x)
               │ copies of the weights, the first times        │ do they differ?
               ▼                                               ▼
          nobody holds them                       an update: told with the weights as they were,
                                                  and every later round is one
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from weakref import WeakKeyDictionary


@dataclass(slots=True, eq=False, kw_only=True)
class Round:
    """A net between its backward pass and its next call.

    Attributes:
        copies: of its weights and statistics, where it is not known yet whether it is trained.
        tries: how many backward passes left it as it was.
    """

    is_trained: bool = False
    is_open: bool = False
    tries: int = 0
    copies: Mapping[str, Any] = field(default_factory=dict)


AnyRound = TypeVar("AnyRound", bound=Round)


class HandUpdates(ABC, Generic[AnyRound]):
    """Finds the updates of nets whose parameters nobody is known to update.

    Args:
        tries: backward passes after which a net whose weights stay as they are counts as not
            trained.
    """

    def __init__(self, tries: int) -> None:
        self._tries = tries
        self._rounds: WeakKeyDictionary[Any, AnyRound] = WeakKeyDictionary()

    def next_call(self, net: Any) -> None:
        """A net is about to be called: what was changed since its backward pass is an update."""
        known = self._rounds.get(net) if self._rounds else None
        if known is None or not known.is_open:
            return
        known.is_open = False
        if self._is_held(net):
            del self._rounds[net]
        elif known.is_trained:
            self._tell_after(net, known)
        elif known.copies:
            self._decide(net, known)

    def end(self) -> None:
        """The script is over: its last update has no call after it."""
        for net in list(self._rounds):
            self.next_call(net)

    def _open(self, net: Any, known: AnyRound) -> None:
        """A backward pass reaches the net."""
        known.is_open = True
        if not known.is_trained and known.tries < self._tries and not known.copies:
            known.copies = self._copies(net)

    def _decide(self, net: Any, known: AnyRound) -> None:
        copies, known.copies = known.copies, {}
        if not self._differs(net, copies):
            known.tries += 1
            return
        known.is_trained = True
        with self._lent(net, copies):
            self._tell_before(net, known)
        self._tell_after(net, known)

    def _is_held(self, net: Any) -> bool:
        """Whether somebody who announces updates has taken its parameters meanwhile."""
        return False

    @abstractmethod
    def _copies(self, net: Any) -> Mapping[str, Any]:
        """Its weights and statistics, by name."""

    @abstractmethod
    def _differs(self, net: Any, copies: Mapping[str, Any]) -> bool:
        """Whether any weight that has a gradient has changed."""

    @abstractmethod
    def _lent(self, net: Any, copies: Mapping[str, Any]) -> AbstractContextManager[None]:
        """Inside, the net has its former weights. Only references change hands."""

    @abstractmethod
    def _tell_before(self, net: Any, known: AnyRound) -> None:
        """Tell of an update that comes, while the net has its former weights."""

    @abstractmethod
    def _tell_after(self, net: Any, known: AnyRound) -> None:
        """Tell that an update was made."""
