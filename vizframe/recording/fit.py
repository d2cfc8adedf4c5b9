"""Recording one fit of a trainer that calls callbacks: from its beginning to its end.

trainer.fit(…) ─► callback ─► FitRecording.begin ─► Watch: as `vizframe record` does, in process
                           ─► FitRecording.log      what the trainer logs goes with the steps
                           ─► FitRecording.end
"""

from __future__ import annotations

import atexit
from collections.abc import Mapping
from pathlib import Path

from vizframe.recording.autostart import Watch
from vizframe.recording.config import Config, for_script
from vizframe.recording.voice import speak


class FitWatch(Watch):
    """Watches one framework, and tells with each update what the trainer has logged before it.

    Attributes:
        logged: numbers, by name.
    """

    def __init__(self, chosen: Config, stem: str) -> None:
        super().__init__(chosen, stem)
        self.logged: dict[str, object] = {}

    def begin_with(self, framework: str) -> None:
        """Watch the framework that the trainer has imported; no other is waited for."""
        self._watch(framework)

    def after_update(
        self, model: object, scalars: Mapping[str, object], epoch: float | None
    ) -> None:
        """A scalar that was seen goes before one of the same name that was logged."""
        super().after_update(model, {**self.logged, **scalars}, epoch)


class FitRecording:
    """What a callback keeps: options, and what watches while the trainer is at it.

    Args:
        run: the run's folder; a run that exists is resumed.
        framework: by the name of its top-level module.
        options: those of `vizframe.recording.config.Config`, by name. What they do not set is as
            for `vizframe record`.

    Raises:
        UsageError: an option is unknown or not what it can be.
    """

    def __init__(self, run: str | Path, framework: str, options: Mapping[str, object]) -> None:
        self._chosen = for_script(Config.of({**options, "run": str(run)}))
        self._framework = framework
        self._watch: FitWatch | None = None

    def begin(self) -> None:
        """Watch from now on; a fit before this one that never ended has failed.

        Raises:
            RunTaken: another recorder writes into the run at this moment.
        """
        self.end(failed=True)
        speak()
        assert self._chosen.run is not None
        self._watch = FitWatch(self._chosen, Path(self._chosen.run).name)
        atexit.register(self._end_late)  # a trainer that is broken off may tell of no end
        self._watch.begin_with(self._framework)

    def log(self, numbers: Mapping[str, object]) -> None:
        """What the trainer has logged; each number goes with all updates until a newer one."""
        if self._watch is not None:
            self._watch.logged |= numbers

    def end(self, *, failed: bool) -> None:
        """Stop watching and close the run; a second call does nothing."""
        watch, self._watch = self._watch, None
        if watch is not None:
            atexit.unregister(self._end_late)
            watch.end(failed=failed)

    def _end_late(self) -> None:
        self.end(failed=True)
