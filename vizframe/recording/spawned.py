"""A process that a recorded script has spawned: what it trains is recorded, as what forks train is.

    the data that prepare it     begin(…)     before its main module is imported
    its own work begins          _start       a watch, as `vizframe record` has one
    its own work ends            its end

All that a loader's worker or a manager gets of vizframe is this file, which imports nothing: they
train nothing.
"""

from __future__ import annotations

import multiprocessing.process
import multiprocessing.util
import pickle
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vizframe.recording.autostart import Watch

_SERVANTS = (
    "multiprocessing.managers",
    "mxnet.gluon.data.dataloader",
    "torch.multiprocessing.reductions",
    "torch.utils.data._utils.worker",
)
"""Modules whose functions run in processes of their own, and train nothing."""


@dataclass(eq=False)
class _Heir:
    """What this process was told; it lives as long as the process."""

    heritage: bytes


_heirs: list[_Heir] = []


def begin(heritage: bytes) -> None:
    """Have recorded what this process trains.

    Args:
        heritage: a pickled `vizframe.recording.spawning.Heritage`.
    """
    _heirs.append(_Heir(heritage))
    multiprocessing.util.register_after_fork(_heirs[-1], _start)


def _start(heir: _Heir) -> None:
    if _serves_others(multiprocessing.process.current_process()):
        return
    from vizframe.recording.autostart import Watch
    from vizframe.recording.deep_calls import deep_calls
    from vizframe.recording.spawning import Heritage
    from vizframe.recording.voice import speak

    told: Heritage = pickle.loads(heir.heritage)
    speak()
    watch = Watch(told.chosen, told.stem, dry_run=told.dry_run, parent=told)
    deeper = ExitStack()
    with watch.guard("the recording"):
        watch.begin()
        deeper.enter_context(deep_calls())
    end = partial(_end, watch, deeper)
    multiprocessing.util.Finalize(None, end, exitpriority=100)


def _end(watch: Watch, deeper: ExitStack) -> None:
    """The process's work is over; what it was ended by is told after this."""
    error = sys.exc_info()[1]
    left_well = isinstance(error, SystemExit) and error.code in (None, 0)
    deeper.close()
    with watch.guard("the end of the recording"):
        watch.end(failed=error is not None and not left_well)


def _serves_others(process: multiprocessing.process.BaseProcess) -> bool:
    """Whether a library has it for work of its own."""
    told = vars(process)
    runs = (told.get("_target"), *(told.get("_args") or ()))
    return any(getattr(each, "__module__", None) in _SERVANTS for each in runs)
