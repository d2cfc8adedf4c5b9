"""The process that computes a run's own network; see `apart`.

    python -m vizframe.asking.child RUN FOLDER NUMBER MEMORY

    request on standard input ──► reply on the file of that number, one after the other

It ends with who asks, and when nobody asks for a while. What it reads is somebody's run: a network
that asks for more than the limits here ends this process, and nothing else.
"""

from __future__ import annotations

import os
import resource
import select
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from vizframe.asking.memory_limit import MemoryLimit, is_want_of_memory
from vizframe.asking.question import Question, Reply, Unchanged
from vizframe.asking.wire import Array, pack, unpack
from vizframe.errors import HistoryError, UsageError, VizframeError
from vizframe.network.adapter import Adapter
from vizframe.network.frozen import FrozenNetwork
from vizframe.network.kept import KeptWeights, framework_of, freezer, thaw
from vizframe.network.live import leave_a_core
from vizframe.network.network import FloatArray
from vizframe.network.unit_change import activations_with, changes_of

IDLE = 600.0
"""Seconds without a question after which it ends."""

MOST_INPUTS = 3
"""Batches that are kept, so that they need not be sent with every question."""

Words = Mapping[str, Any]
Told = tuple[dict[str, object], Sequence[Array]]


@dataclass(slots=True, eq=False)
class Asker:
    """A run's network, with the weights of one step."""

    run: Path
    kept: KeptWeights
    limit: MemoryLimit
    step: int | None = None
    _opened: tuple[Adapter, FrozenNetwork] | None = None
    _stamp: object = None
    _inputs: dict[str, FloatArray] = field(default_factory=dict)
    _unchanged: Unchanged = field(default_factory=Unchanged)

    def tell(self, words: Words, arrays: Sequence[Array]) -> Told:
        """The reply to one request. Raises VizframeError where it is not what it can be."""
        if arrays:
            self._remember(words["inputs"], np.asarray(arrays[0], np.float32))
        self._turn_to(words["step"])
        told: Callable[[Words], Told] = {
            "describe": self._describe,
            "reply": self._reply,
            "scores": self._scores,
        }[words["ask"]]
        adapter, _ = self._network()
        with adapter.preserve_state():
            answer, found = told(words)
        return {**answer, "step": self.step}, found

    def _describe(self, _words: Words) -> Told:
        network = self._network()[1].network
        layers = [[each.name, each.units, list(each.shape)] for each in network.layers]
        return {"layers": layers, "shape": list(network.input_shape)}, ()

    def _reply(self, words: Words) -> Told:
        network = self._network()[1].network
        question = Question(
            words["layer"], changes_of(words["changes"]), words["image"], words["is_difference"]
        )
        inputs = self._inputs[words["inputs"]]
        found: Reply = self._unchanged.reply(network, self.step, inputs, question, self.step)
        return {"layer": found.layer, "image": found.image}, (
            found.maps,
            found.before,
            found.after,
        )

    def _scores(self, words: Words) -> Told:
        network = self._network()[1].network
        name, inputs = network.score_layer, self._inputs[words["inputs"]]
        found = activations_with(network, inputs, changes_of(words["changes"]), [name])
        return {}, (found[name],)

    def _remember(self, name: str, inputs: FloatArray) -> None:
        while len(self._inputs) >= MOST_INPUTS:
            del self._inputs[next(iter(self._inputs))]
        self._inputs[name] = inputs

    def _turn_to(self, wanted: int | str | None) -> None:
        """Take the weights of a step, or the ``"newest"``; None for those that there are."""
        if wanted is None and self.step is not None:
            return
        for last in (False, False, True):
            step = self._wanted(wanted)
            try:
                self._take(step)
            except HistoryError:
                # Newer ones may have taken its place between the look and the reading.
                if last or isinstance(wanted, int):
                    raise
            else:
                return

    def _wanted(self, wanted: int | str | None) -> int:
        steps = self.kept.steps
        if not steps:
            raise UsageError("the run keeps no weights any more")
        if isinstance(wanted, int) and wanted not in steps:
            raise UsageError(
                f"the weights of step {wanted} are not kept any more; the newest are those of "
                f"step {steps[-1]}"
            )
        return wanted if isinstance(wanted, int) else steps[-1]

    def _take(self, step: int) -> None:
        stamp = self.kept.stamp
        if self._opened is None or stamp != self._stamp:  # another recording of the run has begun
            self._opened, self._stamp = self._thawed(step), stamp
        elif step != self.step:
            self._opened[1].fill(self.kept.load(step))
        self.step = step

    def _thawed(self, step: int) -> tuple[Adapter, FrozenNetwork]:
        with self.limit.lifted():
            from vizframe.store import open as open_history
        history = open_history(self.run)
        probe, names = history.probe, history.info.class_names
        history.close()
        if probe is None:
            raise UsageError("the run has no probe, so that it is not known what its network takes")
        frozen = self.kept.frozen(step)
        framework = framework_of(frozen)
        with self.limit.lifted():
            freezer(framework)
        return thaw(frozen, probe.images.shape[1:], call=probe.call, class_names=names or None)

    def _network(self) -> tuple[Adapter, FrozenNetwork]:
        assert self._opened is not None
        return self._opened


def answer(asker: Asker, words: Words, arrays: Sequence[Array]) -> Told:
    """The answer to a question; to one that fails the sentence, and whose fault it is."""
    try:
        return asker.tell(words, arrays)
    except UsageError as error:
        return {"error": str(error), "kind": "usage"}, ()
    except Exception as error:  # a network of anybody's, computed: it may say anything
        return {"error": _sentence(error), "kind": "network"}, ()


def _sentence(error: Exception) -> str:
    """What went wrong with the network."""
    if is_want_of_memory(error):
        return "the network needs more memory than it may take"
    if isinstance(error, VizframeError):
        return str(error)
    told = str(error).strip().splitlines()[:1] or [type(error).__name__]
    return f"the network could not be asked: {told[0]}"


def main(run: str, folder: str, number: str, memory: str) -> None:
    """Reply until nobody asks."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    leave_a_core()
    asker = Asker(Path(run), KeptWeights(Path(folder)), MemoryLimit(int(memory)))
    with os.fdopen(int(number), "wb") as told:
        while select.select([0], [], [], IDLE)[0]:
            try:
                words, arrays = unpack(_read)
            except EOFError:
                return
            for part in pack(*answer(asker, words, arrays)):
                told.write(part)
            told.flush()


def _read(count: int) -> bytes:
    """Read so many bytes of standard input. Raises EOFError."""
    parts, left = [], count
    while left:
        part = os.read(0, min(left, 1 << 20))
        if not part:
            raise EOFError
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


if __name__ == "__main__":
    main(*sys.argv[1:])
