"""A process that a recorded script has spawned: what it trains is recorded, as what forks train is.

    the data that prepare it     begin(…)     before its main module is imported
    its work                     between the two: a watch, as `vizframe record` has one

All that a loader's worker or a manager gets of vizframe is this file, which imports nothing: they
train nothing.
"""

from __future__ import annotations

import functools
import pickle
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from types import FunctionType, MethodType

_SERVANTS = (
    "multiprocessing.managers",
    "mxnet.gluon.data.dataloader",
    "torch.utils.data._utils.worker",
)
"""Modules whose functions run in processes of their own, and train nothing."""

End = Callable[[bool], None]
"""Is told whether the work has failed."""


def begin(heritage: bytes) -> None:
    """Have recorded what this process trains.

    Args:
        heritage: a pickled `vizframe.recording.spawning.Heritage`.
    """
    own = BaseProcess._bootstrap  # type: ignore[attr-defined]  # all of a process's work

    @functools.wraps(own)
    def watched(process: BaseProcess, *given: object, **named: object) -> int:
        BaseProcess._bootstrap = own  # type: ignore[attr-defined]  # what it forks has a watch
        end = None if _serves_others(process) else _start(heritage)
        code: int = own(process, *given, **named)
        if end is not None:
            end(code != 0)
        return code

    BaseProcess._bootstrap = watched  # type: ignore[attr-defined]


def _serves_others(process: BaseProcess) -> bool:
    """Whether a library has it for work of its own."""
    told = vars(process)
    runs = (told.get("_target"), *(told.get("_args") or ()))
    functions = [each for each in runs if isinstance(each, FunctionType | MethodType)]
    return any(each.__module__ in _SERVANTS for each in functions)


def _start(heritage: bytes) -> End | None:
    """Watch; what it gives ends the watch. None where it could not begin."""
    from vizframe.network.guard import Guard
    from vizframe.recording.voice import speak

    speak()
    with Guard()("the recording of a spawned process"):
        from vizframe.recording.autostart import record_spawned

        return record_spawned(pickle.loads(heritage))
    return None
