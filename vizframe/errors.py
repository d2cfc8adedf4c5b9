"""What can go wrong, in one tree. Every message is one sentence: what was given, what is allowed,
the cure.

VizframeError
├── UsageError              what the caller asked for cannot be (exit code 2)
│   ├── UnknownName         a name that is not known; the message lists the nearest ones
│   └── RunTaken            another recorder writes into the run at this moment
├── MissingExtra            an optional install is needed; the message carries the pip command
├── NetworkError            the model cannot be asked this
│   ├── NetworkChanged      it has other modules than before
│   └── UnknownInputs       it is given more than images, and nobody said what
├── PluginError             a plugin is broken, or broke while it ran
│   └── Inapplicable        it has nothing to show of such a network
└── HistoryError            a history cannot be read or written
    ├── HistoryWriteError   a step was not committed (disk full, folder gone); carries errno
    ├── UnreadableSegment   one file of a run cannot be read now; it may be sound
    └── DamagedSegment      one file of a run is not sound; the others stay readable

TrainingStopped             no error: ``--stop-on`` met what it names (exit code 3)
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

LONGEST = 200
"""Characters of a name that somebody gave, in a message."""


class VizframeError(Exception):
    """The root: catch this to catch all that vizframe raises on purpose."""


class TrainingStopped(SystemExit):
    """Raised out of the update at which an alarm was found that was to end the training. As
    Python's own exit it passes through ``except Exception`` of the script."""

    def __init__(self, sentence: str) -> None:
        super().__init__(3)
        self.sentence = sentence

    def __str__(self) -> str:
        return self.sentence


class ForecastTold(TrainingStopped):
    """Raised out of a script's first update once its recording has been foretold; its code is 0, or
    1 where nothing can be foretold."""

    def __init__(self, sentence: str = "", *, failed: bool = False) -> None:
        super().__init__(sentence)
        self.code = int(failed)


class UsageError(VizframeError):
    """An argument, option or file is not what it can be."""


class UnknownName(UsageError):
    """A name that nothing has.

    >>> print(UnknownName("layer", "conv9", ["conv0", "conv1", "dense"]))
    layer 'conv9' is not known; it can be 'conv0', 'conv1', 'dense'
    """

    def __init__(self, noun: str, given: str, known: Iterable[str], *, most: int = 8) -> None:
        names = nearest(given, known)
        shown = ", ".join(repr(name) for name in names[:most])
        rest = f" and {len(names) - most} more" if len(names) > most else ""
        allowed = f"it can be {shown}{rest}" if names else f"there is no {noun} at all"
        told = given if len(given) <= LONGEST else f"{given[:LONGEST]}…"
        super().__init__(f"{noun} {told!r} is not known; {allowed}")
        self.noun = noun
        self.given = given


class RunTaken(UsageError):
    """A run that another recorder writes into at this moment."""


class MissingExtra(VizframeError):
    """An optional part of vizframe is not installed.

    >>> print(MissingExtra("recording", "mxnet"))
    recording needs the extra 'mxnet': pip install 'vizframe[mxnet]'
    """

    def __init__(self, what: str, extra: str, *others: str) -> None:
        names = " or ".join(map(repr, (extra, *others)))
        super().__init__(f"{what} needs the extra {names}: pip install 'vizframe[{extra}]'")
        self.extra = extra


class NetworkError(VizframeError):
    """The model cannot be asked: not traceable, no gradient, the wrong shape."""


class NetworkChanged(NetworkError):
    """The model has other modules or parameters than when it was first seen."""


class UnknownInputs(NetworkError):
    """A model that is called with more than the images, of which nothing is known yet."""


class PluginError(VizframeError):
    """A plugin cannot be loaded, or failed while it ran."""


class Inapplicable(PluginError):
    """A plugin has nothing to show of a network, such as of one that takes no images. Where it was
    not asked for by name, it is left out."""


class HistoryError(VizframeError):
    """A run cannot be read or written."""


class HistoryWriteError(HistoryError):
    """A step was not committed; all earlier ones are intact."""

    def __init__(self, message: str, *, errno: int | None = None) -> None:
        super().__init__(message)
        self.errno = errno


class UnreadableSegment(HistoryError):
    """One file of a run cannot be read now: no descriptor, no permission, a share that is away."""


class DamagedSegment(HistoryError):
    """One file of a run is not what its writer wrote."""


def nearest(given: str, known: Iterable[str]) -> list[str]:
    """The known names, closest to the given one first; numbers (steps) by their difference."""

    def distance(name: str) -> float:
        if short.isdecimal() and name.isdecimal() and max(len(short), len(name)) < LONGEST:
            return abs(int(short) - int(name))
        return -difflib.SequenceMatcher(None, short.lower(), name[:LONGEST].lower()).ratio()

    short = given[:LONGEST]

    return sorted(dict.fromkeys(known), key=distance)
