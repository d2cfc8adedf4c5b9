"""Recording what a Lightning `Trainer` fits: give it one callback more.

    from vizframe.torch.lightning import RecordSteps

    trainer = lightning.Trainer(callbacks=[RecordSteps("runs/x", every=50)])
    trainer.fit(module, loader)

It records what `vizframe record` does, and the metrics that are logged. The package may be
`lightning` or `pytorch_lightning`: whichever the program has imported, else whichever is there.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from vizframe.errors import MissingExtra
from vizframe.recording.fit import FitRecording

_PACKAGES: Mapping[str, str] = {
    "lightning": "lightning.pytorch",
    "pytorch_lightning": "pytorch_lightning",
}


def _callback() -> Any:
    """The class of Lightning's callbacks.

    Raises:
        MissingExtra: neither package is installed.
    """
    imported = [home for home in _PACKAGES.values() if home in sys.modules]
    installed = (home for name, home in _PACKAGES.items() if find_spec(name) is not None)
    home = imported[0] if imported else next(installed, None)
    if home is None:
        raise MissingExtra("vizframe.torch.lightning", "lightning")
    return importlib.import_module(home).Callback


class RecordSteps(_callback()):  # type: ignore[misc]  # one of two packages
    """Records a fit.

    Args:
        run: the run's folder; a run that exists is resumed.
        options: those of `vizframe.Recorder`, such as ``every=50``; what they do not set is as for
            `vizframe record`.

    Raises:
        UsageError: an option is unknown or not what it can be.
    """

    def __init__(self, run: str | Path, **options: object) -> None:
        super().__init__()
        self._recording = FitRecording(run, "torch", options)

    def on_fit_start(self, trainer: Any, pl_module: Any) -> None:
        """Before the first batch."""
        self._recording.begin()

    def on_train_batch_end(self, trainer: Any, *_: object, **__: object) -> None:
        """What is logged goes with the updates after this batch."""
        self._recording.log(trainer.callback_metrics)

    def on_fit_end(self, trainer: Any, pl_module: Any) -> None:
        """The weights that the fit ended with are recorded."""
        self._recording.end(failed=False)

    def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
        """The run is closed as far as it is."""
        self._recording.end(failed=True)
