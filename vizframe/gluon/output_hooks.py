"""Hooks that collect what every block of a net gives, while the net runs in predict mode."""

from __future__ import annotations

from functools import partial
from typing import Any

from vizframe.gluon.block_layers import Output, leaves
from vizframe.gluon.compat import mx
from vizframe.gluon.graph.hooks import After, Before, Names
from vizframe.gluon.history import is_pooling


class Enough(BaseException):
    """Ends a net's forward pass where nothing behind is asked for; no net's own code stops it."""


class OutputHooks:
    """The hooks of one forward pass, and what they have collected.

    Args:
        cut: a layer whose output is to be differentiated by; it gets a gradient.
        last: the layer that is enough, at which the pass is ended by `Enough`.

    Attributes:
        outputs: of each block by name, in the order in which the blocks end.
    """

    def __init__(self, cut: str | None = None, last: str | None = None) -> None:
        self._cut, self._last = cut, last
        self._names = Names()
        self.outputs: dict[str, Output] = {}

    def watch(self, path: str, _block: Any) -> tuple[Before, After]:
        """The hooks of the block at a path: see `vizframe.gluon.graph.hooks.hook_blocks`."""
        return self._before, partial(self._after, path or "output")

    def _before(self, block: Any, _inputs: tuple[Any, ...]) -> None:
        mx.autograd.set_training(is_pooling(block))

    def _after(self, path: str, block: Any, inputs: tuple[Any, ...], made: Any) -> None:
        mx.autograd.set_training(False)
        values = list(leaves(made))
        for place, value in enumerate(values):
            known = self._name_of(value)
            if known is not None:
                if not block._reg_params or self.outputs[known].block._reg_params:
                    continue  # a container, whose last child has said so
                del self.outputs[known]  # the activation of a layer that has the parameters
            name = self._names.unique(f"{path}.{place}" if len(values) > 1 else path)
            self.outputs[name] = Output(block, value, tuple(leaves(inputs)), place)
            if name == self._cut:
                value.attach_grad()
            if name == self._last:
                raise Enough

    def _name_of(self, value: Any) -> str | None:
        """The name under which this very array is known already."""
        return next((name for name, each in self.outputs.items() if each.value is value), None)
