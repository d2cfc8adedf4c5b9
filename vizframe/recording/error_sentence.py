"""What went wrong, as a person is told of it: an error in one line, a failure of a plugin."""

from __future__ import annotations

from vizframe.errors import PluginError
from vizframe.history import Failure
from vizframe.recording.inspection import printable

LONGEST = 500
"""Characters."""


def error_sentence(error: BaseException) -> str:
    """The error in one line: a `PluginError` is a sentence already, others are told with their
    type."""
    try:
        text = " ".join(str(error).split())
    except Exception:  # an error whose own text breaks is told by its type alone
        text = ""
    kind = type(error).__name__
    told = text if isinstance(error, PluginError) else f"{kind}: {text}" if text else kind
    return printable(told, LONGEST)


def failure_sentence(failure: Failure, *alike: Failure) -> str:
    """The failure, as a person is told of it: of the whole plugin, or of one layer.

    Args:
        alike: failures of the same plugin at other layers, for the same reason.
    """
    if failure.layer:
        which = f"layer {failure.layer!r}"
        if alike:
            which = f"{1 + len(alike)} layers, such as {failure.layer!r}"
        return f"plugin {failure.label!r} leaves out {which}: {failure.sentence}"
    return f"plugin {failure.label!r} failed at step {failure.step}: {failure.sentence}"
