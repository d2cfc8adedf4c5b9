"""Which network the page asks: the server's own model, or that of the run which is shown.

serve --model          asked in this process, its newest checkpoint at each question
a run that keeps its   asked in a process of its own, which ends when nobody asks; the weights
weights                of one step, until newer ones are asked for
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable

from vizframe.asking.apart import Apart, kept_weights
from vizframe.asking.at_hand import AtHand
from vizframe.errors import UsageError, VizframeError
from vizframe.network.live import Live
from vizframe.webapp.open_runs import OpenRuns

NO_MODEL = "there is no network to ask; start the page with one"

COMMAND = "vizframe serve runs --model nets:lenet --weights 'ckpt-*.params' --shape 1,28,28"

MOST = 2
"""Runs whose networks are held at a time."""


@runtime_checkable
class HasFolders(Protocol):
    """A catalog whose runs lie on this machine."""

    def folder(self, name: str) -> Path:
        """The folder of the run of that name. Raises as `Catalog.open` does."""
        ...


@dataclass(frozen=True, slots=True)
class NoNetwork:
    """Why nothing can be asked.

    Attributes:
        why: without a capital or a full stop.
        cure: a command that helps; empty where there is none.
        again: whether that may change by itself.
    """

    why: str
    cure: str = COMMAND
    again: bool = False

    @property
    def error(self) -> UsageError:
        return UsageError(f"{self.why}: {self.cure}" if self.cure else self.why)


Held = tuple[str, Path]
"""The id of a run, and its folder."""


@dataclass(slots=True, eq=False)
class Networks:
    """All that can be asked."""

    at_hand: AtHand | None
    open_runs: OpenRuns
    _held: dict[Held, Apart] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def of(cls, live: Live | None, open_runs: OpenRuns) -> Networks:
        return cls(None if live is None else AtHand(live), open_runs)

    def find(self, run: str | None) -> AtHand | Apart | NoNetwork:
        """The one for a run that is shown. A model of the server's own comes first where it has the
        layers of the run's network and takes its images."""
        apart = NoNetwork(NO_MODEL) if run is None else self._of_run(run)
        if self.at_hand is None:
            return apart
        if isinstance(apart, NoNetwork) or run is None or self._fits(self.at_hand, run):
            return self.at_hand
        return apart

    def of_run(self, run: str | None) -> AtHand | Apart:
        """The same. Raises UsageError where there is none."""
        found = self.find(run)
        if isinstance(found, NoNetwork):
            raise found.error
        return found

    def close(self) -> None:
        """End all processes."""
        with self._lock:
            held, self._held = list(self._held.values()), {}
        for each in held:
            each.close()

    def _fits(self, at_hand: AtHand, run: str) -> bool:
        try:
            shape = at_hand.input_shape
        except VizframeError:  # its weights are not there yet, say; the run's are
            return False
        with self.open_runs.run(run) as found:
            probe, recorded = found.history.probe, found.history.info.layers
        if probe is None or probe.images.shape[1:] != shape:
            return False
        return not recorded or _weights(recorded) == _weights(at_hand.layers())

    def _of_run(self, run: str) -> Apart | NoNetwork:
        catalog = self.open_runs.catalog
        if not isinstance(catalog, HasFolders):
            return NoNetwork(NO_MODEL)
        folder = catalog.folder(run)
        kept = kept_weights(folder)
        if kept.steps:
            with self.open_runs.run(run) as found:
                return self._apart((found.history.info.id, folder))
        if kept.refusal:
            return NoNetwork(
                f"the weights of this run's network are not kept: {kept.refusal}. Start the page "
                "with its code"
            )
        return NoNetwork(
            "this run keeps no weights, so there is no network to ask; a recording keeps them from "
            "its first step on, unless it is told --keep-weights 0. Or start the page with a model",
            again=True,
        )

    def _apart(self, key: Held) -> Apart:
        """The network of a run; that which was asked longest ago makes room for a new one."""
        with self._lock:
            found = self._held.get(key)
            others = [(each.used, held) for held, each in self._held.items() if held != key]
            ended = [self._held.pop(held) for _, held in sorted(others)[: len(others) - MOST + 1]]
            if found is None:
                found = self._held[key] = Apart(key[1])
        for each in ended:
            each.close()
        return found


class _HasParameters(Protocol):
    @property
    def parameters(self) -> Mapping[str, tuple[int, ...]]: ...


def _weights(layers: Sequence[_HasParameters]) -> list[list[tuple[int, ...]]]:
    """The shapes of all parameters, layer by layer: frameworks name layers differently."""
    return [sorted(map(tuple, each.parameters.values())) for each in layers if each.parameters]


def weights(asked: AtHand | Apart) -> Mapping[str, object] | None:
    """Which steps can be asked, and which is; None where that is not to be chosen."""
    if isinstance(asked, AtHand):
        return None
    steps = asked.steps
    return {"step": asked.step, "steps": list(steps), "newest": steps[-1] if steps else None}
