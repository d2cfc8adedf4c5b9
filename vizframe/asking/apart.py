"""A run's own network, asked in a process beside this one.

The weights are those that its recorder keeps (`vizframe.network.kept`), so no code of the training
is needed. The process has limits of memory and time of its own: what a run's files make of it ends
there, and is said here in a sentence.
"""

from __future__ import annotations

import os
import select
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, NoReturn

from vizframe.asking.question import Question, Reply, digest
from vizframe.asking.wire import Array, pack, unpack
from vizframe.errors import NetworkError, UsageError
from vizframe.isolated import python_module
from vizframe.network.kept import NEWEST, KeptWeights
from vizframe.network.layer import Layer
from vizframe.network.live import Picture, Response, inputs_of
from vizframe.network.network import FloatArray
from vizframe.network.probe import Normalization
from vizframe.network.unit_change import UnitChange

SECONDS = 60.0
"""What a question may take."""

START = 120.0
"""What a new process may take beside, which loads a framework on a machine that may be busy."""

MEMORY = 4 << 30
"""Bytes that such a process may take, beside its code and thrice the weights."""

Step = int | str | None
"""Which weights are to be asked: of a step, the ``"newest"``, None for those that were."""


def kept_weights(run: Path) -> KeptWeights:
    """Where the run's weights are: the newest, or the snapshots that were asked for."""
    newest = KeptWeights(run / NEWEST)
    snapshots = KeptWeights(run / "snapshots")
    return snapshots if snapshots.steps and not newest.steps else newest


@dataclass(slots=True, eq=False)
class Apart:
    """See `vizframe.asking.question.Asked`.

    Attributes:
        run: its folder.
        seconds, start, memory: see the constants.
        used: when it was asked last, as `time.monotonic` counts.
        step: that the weights are from; None before the first question.
    """

    run: Path
    seconds: float = SECONDS
    start: float = START
    memory: int = MEMORY
    used: float = 0.0
    step: int | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _child: subprocess.Popen[bytes] | None = None
    _replies: int = -1
    _said: IO[bytes] | None = None
    _sent: list[bytes] = field(default_factory=list)
    _has_replied: bool = False
    _about: tuple[Sequence[Layer], tuple[int, ...]] | None = None

    @property
    def steps(self) -> Sequence[int]:
        """The steps whose weights can be asked."""
        return kept_weights(self.run).steps

    @property
    def input_shape(self) -> tuple[int, ...]:
        return self._described()[1]

    def layers(self) -> Sequence[Layer]:
        return self._described()[0]

    def turn_to(self, step: Step) -> None:
        """Take the weights of a step. Raises as a question does."""
        with self._lock:
            self._ask({"ask": "describe", "step": step})

    def respond(
        self, picture: Picture, layer: str, normalization: Normalization | None = None
    ) -> Response:
        assert normalization is not None  # a run that keeps weights has a probe
        inputs = inputs_of(picture, self.input_shape, normalization)[None]
        found = self.reply(inputs, Question(layer))
        return Response(found.maps, found.after[0], found.step)

    def reply(self, inputs: FloatArray, question: Question) -> Reply:
        words = {
            "ask": "reply",
            "layer": question.layer,
            "changes": ",".join(map(str, question.changes)),
            "image": question.image,
            "is_difference": question.is_difference,
        }
        told, (maps, before, after) = self._ask_of(inputs, words, 3)
        return Reply(str(told["layer"]), int(told["image"]), maps, before, after, int(told["step"]))

    def scores(self, inputs: FloatArray, changes: Sequence[UnitChange]) -> FloatArray:
        words = {"ask": "scores", "changes": ",".join(map(str, changes))}
        _, (found,) = self._ask_of(inputs, words, 1)
        return found

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._end()

    @property
    def is_running(self) -> bool:
        """Whether there is a process that holds the network."""
        return self._child is not None and self._child.poll() is None

    def _described(self) -> tuple[Sequence[Layer], tuple[int, ...]]:
        with self._lock:
            if self._about is None:
                told, _ = self._ask({"ask": "describe", "step": None})
                layers = [
                    Layer(str(name), "", tuple(map(int, shape)), int(units))
                    for name, units, shape in told["layers"]
                ]
                self._about = layers, tuple(map(int, told["shape"]))
            return self._about

    def _ask_of(
        self, inputs: FloatArray, words: Mapping[str, object], count: int
    ) -> tuple[dict[str, Any], list[FloatArray]]:
        """Ask of these inputs, which are sent where the process has them not."""
        name = digest(inputs)
        with self._lock:
            self._start()
            new = name not in self._sent
            if new:
                self._sent = [*self._sent[-2:], name]
            sent: list[Array] = [inputs] if new else []
            told, arrays = self._ask({**words, "step": None, "inputs": name.hex()}, sent)
        if len(arrays) != count:
            raise NetworkError("the process that computes the network said something else")
        return told, arrays  # type: ignore[return-value]  # `_ask` refuses others than float32

    def _ask(
        self, words: Mapping[str, object], arrays: Sequence[Array] = ()
    ) -> tuple[dict[str, Any], list[Array]]:
        """One question. Raises VizframeError; a process that does not reply is ended."""
        child = self._start()
        self.used = time.monotonic()
        until = self.used + self.seconds + (0.0 if self._has_replied else self.start)
        assert child.stdin is not None
        try:
            for part in pack(words, arrays):
                child.stdin.write(part)
            child.stdin.flush()
            told, found = unpack(self._reader(until))
            self._has_replied = True
            if "error" in told:
                _raise(str(told["error"]), told.get("kind"))
            self.step = int(told["step"])
        except TimeoutError:
            self._end()
            raise NetworkError(
                f"the network did not reply within {self.seconds:.0f} s, and was ended"
            ) from None
        except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
            raise NetworkError(self._last_words()) from error
        if any(each.dtype.name != "float32" for each in found):
            raise NetworkError("the process that computes the network said something else")
        return told, found

    def _start(self) -> subprocess.Popen[bytes]:
        """The process; a new one where there is none."""
        if self._child is not None and self._child.poll() is None:
            return self._child
        self._end()
        kept = kept_weights(self.run)
        memory = self.memory + 3 * _largest(kept.folder)
        replies, theirs = os.pipe()
        self._said = tempfile.TemporaryFile()  # noqa: SIM115  # `_end` closes it
        command = python_module(
            "vizframe.asking.child", str(self.run), str(kept.folder), str(theirs), str(memory)
        )
        try:
            self._child = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=self._said,
                pass_fds=[theirs],
                env={**os.environ, "CUDA_VISIBLE_DEVICES": ""},  # a training may have it all
            )
        finally:
            os.close(theirs)
            self._replies = replies
        return self._child

    def _reader(self, until: float) -> Callable[[int], bytes]:
        """Reads replies until then. Raises TimeoutError, EOFError."""

        def read(count: int) -> bytes:
            parts, left = [], count
            while left:
                wait = until - time.monotonic()
                if wait <= 0 or not select.select([self._replies], [], [], wait)[0]:
                    raise TimeoutError
                part = os.read(self._replies, min(left, 1 << 20))
                if not part:
                    raise EOFError
                parts.append(part)
                left -= len(part)
            return b"".join(parts)

        return read

    def _last_words(self) -> str:
        """Why the process is no more, as far as it said so."""
        child, said = self._child, self._said
        status = None if child is None else child.wait(5) if child.poll() is not None else None
        told = ""
        if said is not None:
            said.seek(max(0, said.seek(0, os.SEEK_END) - 2_000))
            told = said.read().decode(errors="replace").strip().rpartition("\n")[2]
        self._end()
        room = f"{self.memory / (1 << 30):.3g} GiB"
        if status is not None and status < 0:
            return (
                f"computing the network ended its process (signal {-status}); it may have needed "
                f"more than the {room} that it can have"
            )
        return f"the process that computes the network ended{f': {told}' if told else ''}"

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            child.wait()
            if child.stdin is not None:
                with suppress(OSError):  # what was not sent to a process that has ended
                    child.stdin.close()
        if self._replies >= 0:
            os.close(self._replies)
        if self._said is not None:
            self._said.close()
        self._replies, self._said, self._sent, self._has_replied = -1, None, [], False
        self._about, self.step = None, None


def _largest(folder: Path) -> int:
    """Bytes of the largest file."""
    try:
        return max((each.stat().st_size for each in os.scandir(folder)), default=0)
    except OSError:
        return 0


def _raise(sentence: str, kind: object) -> NoReturn:
    """Raise here what went wrong in the process."""
    raise (UsageError if kind == "usage" else NetworkError)(sentence)
