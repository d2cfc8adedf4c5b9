"""The metrics that a script computes anyway, read at the steps that are recorded."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from weakref import WeakSet

from vizframe.gluon.compat import mx
from vizframe.graph.patches import Patches


class MetricWatch:
    """Knows every ``mx.metric`` that the script has made, an Estimator's too."""

    def __init__(self) -> None:
        self._order: dict[int, int] = {}
        self._metrics: WeakSet[Any] = WeakSet()

    def begin(self, patches: Patches) -> None:
        patches.see(mx.metric.EvalMetric, "__init__", after=self._made)

    def scalars(self) -> dict[str, Callable[[], object]]:
        """A function for each metric that has seen something, by its name; of two of one name the
        first made has it, and the other a number behind it."""
        found: dict[str, Callable[[], object]] = {}
        for metric in sorted(self._metrics, key=lambda each: self._order[id(each)]):
            if not getattr(metric, "num_inst", 0) or hasattr(metric, "metrics"):
                continue
            name, number = str(metric.name), 2
            while name in found:
                name, number = f"{metric.name} {number}", number + 1
            found[name] = partial(_value, metric)
        return found

    def _made(self, _token: Any, _result: Any, metric: Any, *_: Any, **__: Any) -> None:
        self._order[id(metric)] = len(self._order)
        self._metrics.add(metric)


def _value(metric: Any) -> object:
    return metric.get()[1]
