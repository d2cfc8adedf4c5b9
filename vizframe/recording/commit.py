"""Committing a step, whatever it holds: frames that cannot be stored are left out and said so."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from vizframe.errors import HistoryWriteError
from vizframe.history import Declaration, Failure, HistoryWriter, StepRecord
from vizframe.history.encoding import encode_frame
from vizframe.network.guard import is_from_script
from vizframe.plugin.frame import Frame
from vizframe.recording.error_sentence import error_sentence

log = logging.getLogger("vizframe")

Tell = Callable[[Failure], None]


@dataclass(slots=True)
class Committer:
    """Writes steps. That steps are lost is logged once, and again when writing works again.

    Attributes:
        writer: the open run.
        tell: is told of a plugin whose frames cannot be stored.
        strict: raise, instead of going on.
    """

    writer: HistoryWriter
    tell: Tell
    strict: bool = False
    _lost: int = field(default=0, init=False)

    def commit(self, record: StepRecord) -> None:
        """Raises whatever the writer raises, where ``strict`` is true."""
        try:
            self._write(record)
        except HistoryWriteError as error:
            if self.strict:
                raise
            self._lose(str(error))
        except Exception as error:  # memory, a library that is broken: nothing ends a training
            if self.strict or is_from_script(error):
                raise
            self._lose(f"step {record.step} was not written: {error_sentence(error)}")
        else:
            self._find_again(record.step)

    def _write(self, record: StepRecord) -> None:
        try:
            self.writer.commit(record)
        except Exception as error:
            disk_refused = isinstance(error, HistoryWriteError) and error.errno is not None
            if self.strict or disk_refused or is_from_script(error):
                raise
            storable = self._without_culprits(record)
            if storable is record:
                raise
            self.writer.commit(storable)

    def _without_culprits(self, record: StepRecord) -> StepRecord:
        """The record without the plugins whose frames cannot be encoded; itself, if all can."""
        failures: dict[str, Failure] = {}
        for declaration, frame in record.frames:
            label = declaration.key.label
            said = None if label in failures else _fault(declaration, frame)
            if said is not None:
                failures[label] = Failure(
                    step=record.step, label=label, layer=frame.layer, sentence=said
                )
        for failure in failures.values():
            self.tell(failure)
        if not failures:
            return record
        return replace(
            record,
            frames=[pair for pair in record.frames if pair[0].key.label not in failures],
            failures=[*record.failures, *failures.values()],
        )

    def _lose(self, sentence: str) -> None:
        if not self._lost:
            log.warning("%s; training goes on, recording when it can be written again", sentence)
        self._lost += 1

    def _find_again(self, step: int) -> None:
        if self._lost:
            log.warning(
                "recording again at step %d; %d steps before it were not written", step, self._lost
            )
            self._lost = 0


def _fault(declaration: Declaration, frame: Frame) -> str | None:
    """Why a frame cannot be stored; None where it can."""
    try:
        encode_frame(declaration, frame)
    except Exception as error:  # whatever its numbers make NumPy say
        if is_from_script(error):
            raise
        return error_sentence(error)
    return None
