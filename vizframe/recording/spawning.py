"""Handing the recording down to processes that a script spawns.

`multiprocessing` starts Python anew for them, and sends what is to be prepared there first: where
modules are found, the name, the main module. Among that goes what vizframe wants, so that it is
there before the script's own modules are.
"""

from __future__ import annotations

import multiprocessing.spawn
import pickle
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from vizframe.graph.patches import Patches
from vizframe.network.guard import Guard
from vizframe.recording.config import Config

_ROOT = str(Path(__file__).parents[2])

# The root is where vizframe is found when it runs from a bare tree; the process gets the path of
# the one that spawned it right after this. One that cannot import vizframe works without it.
_BEGIN = """
import sys
sys.path.append(root)
try:
    from vizframe.recording.spawned import begin
except ImportError:
    begin = id
begin(heritage)
"""


@dataclass(frozen=True, slots=True)
class Heritage:
    """What a spawned process has of the one that spawned it.

    Attributes:
        chosen: the options, without a run.
        stem: a name for its runs, which lie in the folder ``runs``.
        group: the name that the runs of one script share.
        job: what all processes have in common that one process has spawned.
        dry_run: see `vizframe.recording.autostart.Watch`.
    """

    chosen: Config
    stem: str
    runs: Path
    group: str
    job: str
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class _Beginning:
    """Is a call of `vizframe.recording.spawned.begin` when it is unpickled."""

    heritage: bytes

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return exec, (_BEGIN, {"root": _ROOT, "heritage": self.heritage})


class Spawning:
    """Sees processes being spawned, from `begin` to `end`.

    Attributes:
        seen: whether any was.
    """

    def __init__(self, heritage: Heritage, guard: Guard) -> None:
        self.seen = False
        self._heritage = heritage
        self._patches = Patches(guard)

    def begin(self) -> None:
        self._patches.change(multiprocessing.spawn, "get_preparation_data", self._hand_down)

    def end(self) -> None:
        self._patches.remove()

    def _hand_down(self, prepared: Mapping[str, object], *_given: object) -> dict[str, object]:
        self.seen = True
        return {**prepared, "vizframe": _Beginning(pickle.dumps(self._heritage))}
