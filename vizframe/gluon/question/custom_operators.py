"""Operators that a user wrote in Python, in predict mode also where MXNet calls for training.

A backward pass needs MXNet's training mode, in which such an operator may keep statistics of what
it sees, or draw. The objects that a graph makes for itself when it is bound are its own; so each is
told that nothing is trained.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from vizframe.gluon.compat import mx
from vizframe.gluon.graph.rules import OwnOperator


@contextmanager
def in_predict_mode() -> Iterator[None]:
    """Operators of graphs that are bound inside always act as they do when nothing is trained."""
    made: dict[int, Any] = mx.operator._registry.ref_holder
    before = set(made)
    yield
    for number in sorted(set(made) - before):
        operator = made.get(number)
        if isinstance(operator, mx.operator.CustomOp) and not isinstance(operator, OwnOperator):
            operator.forward = partial(_forward, operator.forward)


def _forward(own: Callable[..., None], *, is_train: bool, **given: Any) -> None:
    own(is_train=False, **given)
