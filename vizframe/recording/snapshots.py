"""Snapshots: the weights alone at a chosen step, kept in the run, so that pictures can be made of
them later and elsewhere.

    runs/x/snapshots/
      config.json              what was asked for: plugins, their options, layers
      network.json             the network, without its code: `vizframe.network.frozen`
      000000000050.npz         the weights at step 50, as NumPy has them, each with its CRC-32
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import ClassVar

from pydantic import PrivateAttr

from vizframe.errors import HistoryError, NetworkError, UsageError
from vizframe.network import Network
from vizframe.network.adapter import adapter_for
from vizframe.network.frozen import Freezer, Frozen
from vizframe.network.kept import KeptWeights, publish
from vizframe.plugin import Frame, Picture, Plugin, Scene
from vizframe.recording.config import Config
from vizframe.recording.jobs import Job


class Snapshots(KeptWeights):
    """The snapshots of one run; of each worker that records, where there are several."""

    def __init__(self, run: Path, rank: int = 0) -> None:
        name = f"snapshots-rank{rank}" if rank else "snapshots"
        super().__init__(run.absolute() / name)

    @staticmethod
    def ranks(run: Path) -> Sequence[int]:
        """The ranks that have snapshots, increasing."""
        from vizframe.store.format.names import SNAPSHOT_FOLDER

        try:
            found = [
                match for each in os.listdir(run) if (match := SNAPSHOT_FOLDER.fullmatch(each))
            ]
        except (FileNotFoundError, NotADirectoryError):
            return []
        return sorted(int(match["rank"] or 0) for match in found)

    def describe(self, config: str) -> None:
        """Say what pictures are to be made of them; the first word counts."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if not (self.folder / "config.json").exists():
            publish(self.folder / "config.json", lambda path: path.write_text(config))

    @property
    def config(self) -> dict[str, object]:
        """What was asked for. Raises HistoryError."""
        found = self._json("config.json")
        if not isinstance(found, dict):
            raise HistoryError(f"{self.folder / 'config.json'} is damaged: it is no table")
        return found

    def _json(self, name: str) -> object:
        try:
            return json.loads((self.folder / name).read_text())
        except (OSError, ValueError) as error:
            raise HistoryError(f"{self.folder / name} cannot be read: {error}") from error


class SnapshotTaker(Plugin):
    """Keeps the weights in place of pictures. Made by `--defer`, never by name."""

    name: ClassVar[str] = "snapshot"
    makes: ClassVar[tuple[Picture, ...]] = ()

    _snapshots: Snapshots = PrivateAttr()
    _config: str = PrivateAttr()
    _freeze: Callable[[Network], Frozen] = PrivateAttr()

    @classmethod
    def of(
        cls, snapshots: Snapshots, config: str, freeze: Callable[[Network], Frozen]
    ) -> SnapshotTaker:
        """
        Args:
            config: what is to be made of the snapshots, as JSON.
        """
        made = cls()
        made._snapshots, made._config, made._freeze = snapshots, config, freeze
        return made

    def visualize(self, scene: Scene) -> Iterator[Frame]:
        self._snapshots.describe(self._config)
        self._snapshots.take(scene.step, self._freeze(scene.network))
        return iter(())


def snapshot_job(model: object, run: object, chosen: Config, rank: int) -> Job:
    """What keeps the model's weights in place of the pictures that a configuration asks for.

    Raises:
        UsageError: the run is no folder, or a plugin is an object, which no file can name.
        NetworkError: networks of its framework cannot be kept.
    """
    adapter = adapter_for(model)
    if not isinstance(adapter, Freezer):
        raise NetworkError("networks of this framework cannot be kept; leave out defer")
    if not isinstance(run, (str, Path)):
        raise UsageError("defer keeps files in a run's folder; run can be a path")
    snapshots = Snapshots(Path(run), rank)
    return Job("snapshot", SnapshotTaker.of(snapshots, render_options(chosen), adapter.freeze))


def render_options(chosen: Config) -> str:
    """What of a configuration a later rendering needs, as JSON.

    Raises:
        UsageError: a plugin is an object, which no file can name.
    """
    for plugin in chosen.plugins or ():
        if not isinstance(plugin, str):
            raise UsageError(f"plugins has {plugin!r}; for a later rendering it can have names")
    kept = {"plugins", "set", "layers", "seed", "memory", "strict"}
    return chosen.model_dump_json(include=kept & chosen.model_fields_set)
