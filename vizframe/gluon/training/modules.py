"""Updates of MXNet's Module interface: ``Module.fit``, ``BucketingModule``, and loops of
``forward``, ``backward`` and ``update``.

module.forward(batch, is_train)    what it is trained on
module.update()                    the update
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

from vizframe.gluon.call import HeldBatch, batch_of_module
from vizframe.gluon.compat import mx
from vizframe.graph.epochs import Epochs
from vizframe.graph.patches import Patches
from vizframe.network.adapter import Batch

Before = Callable[[Any, Callable[[], Batch]], None]
After = Callable[[Any, Epochs], None]


class Inside(threading.local):
    """Whether this thread is in the update of a module that has others inside."""

    value: bool = False


class ModuleUpdates:
    """Sees what modules are trained on, and when they are updated."""

    def __init__(self, before: Before, after: After) -> None:
        self._before, self._after = before, after
        self._batches: WeakKeyDictionary[Any, HeldBatch] = WeakKeyDictionary()
        self._epochs: WeakKeyDictionary[Any, Epochs] = WeakKeyDictionary()
        self._inside = Inside()

    def begin(self, patches: Patches) -> None:
        for kind in (mx.mod.Module, mx.mod.BucketingModule):
            patches.see(kind, "forward", before=self._forward)
        patches.see(
            mx.mod.BucketingModule,
            "update",
            before=self._enter,
            after=self._leave,
            failed=self._failed,
        )
        patches.see(mx.mod.Module, "update", before=self._update, after=self._updated)

    def _forward(self, module: Any, data_batch: Any, is_train: Any = None, **_: Any) -> None:
        if module.for_training if is_train is None else is_train:
            self._batches[module] = HeldBatch.of(data_batch)

    def _enter(self, module: Any) -> None:
        self._update(module)
        self._inside.value = True

    def _leave(self, _token: Any, _result: Any, module: Any) -> None:
        self._inside.value = False
        self._updated(_token, _result, module)

    def _failed(self, _token: Any) -> None:
        self._inside.value = False

    def _update(self, module: Any) -> None:
        if not self._inside.value and module in self._batches:
            self._before(module, lambda: batch_of_module(module, self._batches[module]))

    def _updated(self, _token: Any, _result: Any, module: Any) -> None:
        if not self._inside.value and module in self._batches:
            self._after(module, self._epochs.setdefault(module, Epochs()))
