"""Optimisers that are none of `torch.optim`: fastai's and Keras's own, once a script has them.

fastai's have a ``step`` and ``param_groups``, Keras's an ``apply`` that is given the gradients and
variables; neither calls hooks of PyTorch's.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

from vizframe.graph.patches import Method, Patches
from vizframe.torch.keras_optimiser import keras_optimiser

Before = Callable[[Any, tuple[Any, ...], Mapping[str, Any]], object]
After = Callable[[Any, tuple[Any, ...], Mapping[str, Any]], None]

_FASTAI = ("fastai.optimizer", "Optimizer", "step")
_KERAS = ("keras.src.optimizers.base_optimizer", "BaseOptimizer", "apply")


class OtherOptimisers:
    """What is told of their steps, as hooks of `torch.optim` are."""

    def __init__(self, patches: Patches, before: Before, after: After) -> None:
        self._patches, self._before, self._after = patches, before, after
        self._waiting = {_FASTAI: self._step, _KERAS: self._apply}

    def look(self) -> None:
        """See the steps of those that were imported since it was last looked."""
        for place, around in list(self._waiting.items()):
            module, name, method = place
            found = getattr(sys.modules.get(module), name, None)
            if found is not None:  # which is not yet there while the module is imported
                del self._waiting[place]
                self._patches.wrap(found, method, around)

    def _step(self, original: Method, optimizer: Any, *args: Any, **kwargs: Any) -> Any:
        self._before(optimizer, (optimizer, *args), kwargs)
        result = original(optimizer, *args, **kwargs)
        self._after(optimizer, (optimizer, *args), kwargs)
        return result

    def _apply(self, original: Method, optimizer: Any, *args: Any, **kwargs: Any) -> Any:
        variables = kwargs.get("trainable_variables", args[1] if len(args) > 1 else None)
        if not isinstance(variables, list | tuple) or not variables:
            return original(optimizer, *args, **kwargs)
        asked = keras_optimiser(optimizer, variables)
        self._before(asked, (asked,), {})
        result = original(optimizer, *args, **kwargs)
        self._after(asked, (asked,), {})
        return result
