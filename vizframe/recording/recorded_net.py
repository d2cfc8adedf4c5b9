"""A net of a script that is recorded, and what is known of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from vizframe.recording.recorder import Recorder


@dataclass(slots=True)
class RecordedNet:
    """A net that the script trains.

    Attributes:
        path: of its run.
        recorder: None while it is over, or where nothing of it can be recorded.
        epochs_before: those that its run had when it was resumed.
        alone: updates since another net had one.
    """

    path: Path
    recorder: Recorder | None = None
    epochs_before: float = 0.0
    alone: int = 0
