"""The nets that one script trains: which of them are recorded, and which are over for now."""

from __future__ import annotations

from collections.abc import Iterator
from weakref import WeakKeyDictionary, ref

from vizframe.recording.recorded_net import RecordedNet

IDLE_AFTER = 100
"""Updates of one net after which those that had none in between are over for now."""

MANY_TURNS = 10
"""Changes from one net to another after which they are trained beside each other, and not one
after the other as the folds of a cross-validation are."""


class RecordedNets:
    """Each net that was seen to be trained, for as long as the script holds it.

    A net is not known before its first update; then it is recorded, or known and not recorded: it
    is not wanted, its recording broke, or another process records it.
    """

    def __init__(self) -> None:
        self._nets: WeakKeyDictionary[object, RecordedNet | None] = WeakKeyDictionary()
        self._parents: WeakKeyDictionary[object, RecordedNet | None] = WeakKeyDictionary()
        self._last: ref[object] | None = None
        self._turns = 0

    def __contains__(self, model: object) -> bool:
        return model in self._nets

    def __iter__(self) -> Iterator[RecordedNet]:
        """Those that are recorded."""
        return iter([net for net in self._nets.values() if net is not None])

    def get(self, model: object) -> RecordedNet | None:
        """The net of the model; None where it is not recorded."""
        return self._nets.get(model)

    def put(self, model: object, net: RecordedNet | None) -> None:
        """The model is known from now on; None: it is not recorded."""
        self._nets[model] = net

    def forget(self, model: object) -> None:
        """Its next update is that of a new net."""
        del self._nets[model]

    def clear(self) -> None:
        """Forget all. What was trained must not live on through this object, for which an import
        may wait that never comes: a dist kvstore that is not freed aborts the process."""
        self._nets.clear()

    def leave_to_parent(self) -> None:
        """This process was forked: what is recorded by now, the one that it came from records."""
        self._parents.update(self._nets)
        self._nets.update(dict.fromkeys(self._nets))

    def is_left_to_parent(self, model: object) -> bool:
        """Whether the process that this one was forked from records the model."""
        return self._parents.get(model) is not None

    def count_turn(self, model: object) -> None:
        """The model has an update. Nets that are trained beside each other, such as a GAN's two,
        are known by taking turns; their recorders are told."""
        last = None if self._last is None else self._last()
        if last is model:
            return
        if last is not None:
            self._turns += 1
        self._last = ref(model)
        if self._turns == MANY_TURNS:
            for net in self:
                if net.recorder is not None:
                    net.recorder.trains_beside_others()

    def end_idle(self, current: RecordedNet) -> None:
        """The current net had an update. Let go of nets that are trained no more, such as earlier
        folds, whose weights would stay in memory for as long as they are recorded."""
        current.alone += 1
        if len(self._nets) == 1:
            return
        for net in self:
            if net is current:
                continue
            if current.alone >= IDLE_AFTER and net.recorder is not None:
                net.recorder.finish()
                net.recorder = None
            net.alone = 0
