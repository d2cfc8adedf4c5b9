"""Recording what Hugging Face's `Trainer` trains: give it one callback more.

    from vizframe.torch.transformers import RecordSteps

    trainer = transformers.Trainer(model, …, callbacks=[RecordSteps("runs/x", every=50)])
    trainer.train()

It records what `vizframe record` does, and the metrics that the trainer logs.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from numbers import Real
from pathlib import Path
from typing import Any

from vizframe.errors import MissingExtra
from vizframe.recording.fit import FitRecording


def _callback() -> Any:
    """The class of the trainer's callbacks.

    Raises:
        MissingExtra: transformers is not installed.
    """
    if "transformers" not in sys.modules and find_spec("transformers") is None:
        raise MissingExtra("vizframe.torch.transformers", "transformers")
    return importlib.import_module("transformers").TrainerCallback


class RecordSteps(_callback()):  # type: ignore[misc]  # of a package that need not be there
    """Records a training.

    Args:
        run: the run's folder; a run that exists is resumed.
        options: those of `vizframe.Recorder`, such as ``every=50``; what they do not set is as for
            `vizframe record`.

    Raises:
        UsageError: an option is unknown or not what it can be.
    """

    def __init__(self, run: str | Path, **options: object) -> None:
        self._recording = FitRecording(run, "torch", options)

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: object) -> None:
        """Before the first batch."""
        self._recording.begin()

    def on_log(
        self,
        args: Any,
        state: Any,
        control: Any,
        logs: Mapping[str, object] | None = None,
        **_: object,
    ) -> None:
        """What is logged goes with the updates after it; the epoch is counted as it is."""
        numbers = {name: each for name, each in (logs or {}).items() if isinstance(each, Real)}
        numbers.pop("epoch", None)
        self._recording.log(numbers)

    def on_train_end(self, args: Any, state: Any, control: Any, **_: object) -> None:
        """The weights that the training ended with are recorded."""
        self._recording.end(failed=False)
