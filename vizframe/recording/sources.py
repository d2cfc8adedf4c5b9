"""Where the weights of a step come from, when no training is under way: checkpoints, or snapshots.

A source is small and can be sent to another machine that sees the same files; opened there, it is a
network that is filled with the weights of one step after the other.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from vizframe.errors import UsageError
from vizframe.network import Network
from vizframe.network.adapter import Adapter, adapter_for
from vizframe.network.frozen import FrozenNetwork
from vizframe.network.kept import thaw
from vizframe.network.loadable import load, make_model
from vizframe.network.probe import Probe
from vizframe.recording.snapshots import Snapshots


class Opened(Protocol):
    """A network and its weights' source."""

    @property
    def network(self) -> Network: ...
    @property
    def adapter(self) -> Adapter: ...

    def fill(self, step: int) -> None:
        """Give the network the weights of a step. Raises VizframeError."""
        ...


class Source(Protocol):
    """Steps whose weights are there."""

    @property
    def steps(self) -> Sequence[int]: ...
    @property
    def rank(self) -> int:
        """Whose weights they are."""
        ...

    def open(
        self, probe: Probe, class_names: Sequence[str] | None, memory: int | None
    ) -> Opened: ...


@dataclass(frozen=True, slots=True)
class CheckpointSource:
    """Files of parameters, and the function that makes their model.

    Attributes:
        paths: absolute, by step.
        folder: where the function was named: modules are looked for there.
    """

    model: str
    shape: tuple[int, ...] | None
    paths: tuple[tuple[int, str], ...]
    folder: str
    rank: int = 0

    @property
    def steps(self) -> Sequence[int]:
        return [step for step, _ in self.paths]

    def open(
        self, probe: Probe, class_names: Sequence[str] | None, memory: int | None
    ) -> OpenedCheckpoints:
        if self.folder not in sys.path:
            sys.path.insert(0, self.folder)
        model, _ = make_model(self._named(), self.shape)
        load(model, Path(self.paths[0][1]))
        adapter = adapter_for(model)
        network = adapter.network(model, probe.images, class_names, memory, probe.call)
        return OpenedCheckpoints(network, adapter, model, dict(self.paths))

    def _named(self) -> str:
        """The function, its file found from anywhere."""
        where, _, name = self.model.rpartition(":")
        return f"{Path(self.folder, where)}:{name}" if where.endswith(".py") else self.model


@dataclass(slots=True)
class OpenedCheckpoints:
    """See `Opened`."""

    network: Network
    adapter: Adapter
    model: object
    paths: dict[int, str]

    def fill(self, step: int) -> None:
        load(self.model, Path(self.paths[step]))


@dataclass(frozen=True, slots=True)
class SnapshotSource:
    """The snapshots of a run."""

    run: str
    steps: tuple[int, ...]
    rank: int = 0

    @classmethod
    def of(cls, run: Path, rank: int = 0) -> SnapshotSource:
        """Raises UsageError where the run has none."""
        steps = tuple(Snapshots(run, rank).steps)
        if not steps:
            raise UsageError(
                f"run {str(run)!r} has no snapshots; they are kept by: vizframe record --defer"
            )
        return cls(str(run.absolute()), steps, rank)

    def open(
        self, probe: Probe, class_names: Sequence[str] | None, memory: int | None
    ) -> OpenedSnapshots:
        snapshots = Snapshots(Path(self.run), self.rank)
        adapter, thawed = thaw(
            snapshots.frozen(self.steps[0]),
            probe.images.shape[1:],
            call=probe.call,
            class_names=class_names,
            memory=memory,
        )
        return OpenedSnapshots(thawed.network, adapter, thawed, snapshots)


@dataclass(slots=True)
class OpenedSnapshots:
    """See `Opened`."""

    network: Network
    adapter: Adapter
    thawed: FrozenNetwork
    snapshots: Snapshots

    def fill(self, step: int) -> None:
        self.thawed.fill(self.snapshots.load(step))
