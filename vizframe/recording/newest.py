"""The newest weights: kept in a run while it is recorded, so that its network can be asked what its
units are for, without the training's code and beside the training.

    runs/x/weights/          those of the last recorded step alone: `vizframe.network.kept`
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import ClassVar

from pydantic import PrivateAttr

from vizframe.errors import Inapplicable, NetworkError
from vizframe.network import Network
from vizframe.network.adapter import Adapter
from vizframe.network.frozen import Freezer, Frozen
from vizframe.network.kept import NEWEST, KeptWeights
from vizframe.plugin import Frame, Picture, Plugin, Scene
from vizframe.recording.config import Config
from vizframe.recording.jobs import Job

LABEL = "kept_weights"

SHARE = 4
"""The weights may take at most one part in so many of a run's largest size."""


class NewestTaker(Plugin):
    """Keeps the weights of the last recorded step. Made by `--keep-weights`, never by name."""

    name: ClassVar[str] = LABEL
    makes: ClassVar[tuple[Picture, ...]] = ()

    _kept: KeptWeights = PrivateAttr()
    _freeze: Callable[[Network], Frozen] = PrivateAttr()
    _most: int = PrivateAttr()
    _begun: bool = PrivateAttr(default=False)
    _refused: str = PrivateAttr(default="")

    @classmethod
    def of(cls, kept: KeptWeights, freeze: Callable[[Network], Frozen], most: int) -> NewestTaker:
        """
        Args:
            most: bytes that the weights may take.
        """
        made = cls()
        made._kept, made._freeze, made._most = kept, freeze, most
        return made

    def visualize(self, scene: Scene) -> Iterator[Frame]:
        if not self._refused:
            try:
                self._keep(scene)
            except NetworkError as error:
                self._refused = str(error)
                self._kept.clear()
                self._kept.refuse(self._refused)
        if self._refused:
            raise Inapplicable(self._refused)
        return iter(())

    def _keep(self, scene: Scene) -> None:
        frozen = self._freeze(scene.network)
        if frozen.size > self._most:
            raise NetworkError(
                f"the network has {frozen.size / 1e6:,.0f} MB of weights, and the run may keep "
                f"{self._most / 1e6:,.0f} MB of them; --keep-weights lets it keep more"
            )
        if not self._begun:  # what is there may be of a network that was traced otherwise
            self._kept.clear()
            self._begun = True
        self._kept.replace(scene.step, frozen)


def newest_jobs(
    adapter: Adapter, folder: Path | None, chosen: Config, rank: int = 0
) -> Sequence[Job]:
    """The job that keeps the newest weights in the run's folder; none where they are not to be
    kept, or another worker keeps them."""
    most = min(chosen.keep_weights, (chosen.max_size or 0) // SHARE or chosen.keep_weights)
    if not most or folder is None or rank or not isinstance(adapter, Freezer):
        return ()
    taker = NewestTaker.of(KeptWeights(folder / NEWEST), adapter.freeze, most)
    return (Job(LABEL, taker, is_usual=True),)
