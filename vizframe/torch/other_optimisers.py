"""Optimisers that are none of `torch.optim`: fastai's own, once a script has imported it.

They have a ``step`` and ``param_groups``, but call no hooks of PyTorch's.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

from vizframe.graph.patches import Method, Patches

Before = Callable[[Any, tuple[Any, ...], Mapping[str, Any]], object]
After = Callable[[Any, tuple[Any, ...], Mapping[str, Any]], None]

_CLASSES = (("fastai.optimizer", "Optimizer"),)


class OtherOptimisers:
    """What is told of their steps, as hooks of `torch.optim` are."""

    def __init__(self, patches: Patches, before: Before, after: After) -> None:
        self._patches, self._before, self._after = patches, before, after
        self._waiting = list(_CLASSES)

    def look(self) -> None:
        """See the steps of those that were imported since it was last looked."""
        for place in list(self._waiting):
            module, name = place
            found = getattr(sys.modules.get(module), name, None)
            if found is not None:  # which is not yet there while the module is imported
                self._waiting.remove(place)
                self._patches.wrap(found, "step", self._step)

    def _step(self, original: Method, optimizer: Any, *args: Any, **kwargs: Any) -> Any:
        self._before(optimizer, (optimizer, *args), kwargs)
        result = original(optimizer, *args, **kwargs)
        self._after(optimizer, (optimizer, *args), kwargs)
        return result
