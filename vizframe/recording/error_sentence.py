"""An error in one line, however odd it is."""

from __future__ import annotations

from vizframe.errors import PluginError
from vizframe.recording.inspection import printable

LONGEST = 500
"""Characters."""


def error_sentence(error: BaseException) -> str:
    """Our own errors are sentences already, others need their type."""
    try:
        text = " ".join(str(error).split())
    except Exception:  # an error whose own text breaks is told by its type alone
        text = ""
    kind = type(error).__name__
    told = text if isinstance(error, PluginError) else f"{kind}: {text}" if text else kind
    return printable(told, LONGEST)
