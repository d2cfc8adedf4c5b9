"""What one worker of a distributed Gluon training can say of itself, and when it knows its rank.

    trainer.step()
      kvstore made, rank 0's weights to all      from here on the rank is known
      ── _allreduce_grads ──                     the local gradients, just before the exchange
      update                                     the weights that the exchange led to

Sampled once per recorded step, at the update behind it: then nothing of the recorder's is in flight
any more, and what training does at all other steps stays untouched.
"""

from __future__ import annotations

import math
import time
import zlib
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from vizframe.gluon.compat import mx
from vizframe.gluon.gradients import note_overwritten, note_own
from vizframe.network.worker import Worker, worker_of_environment

SUMS = 16
"""Of a sketch."""

PART = SUMS << 16
"""Weights that get their signs at once."""

Vector = npt.NDArray[np.float32]


def worker_of(trainer: Any) -> Worker | None:
    """The trainer's worker, once it has met the others; None for a training of one process."""
    store = trainer._kvstore if trainer._kv_initialized else None
    if store is not None and "dist" in store.type:
        return Worker(store.rank, store.num_workers)
    return worker_of_environment()


def has_yet_to_meet(trainer: Any) -> bool:
    """Whether the trainer's store is a distributed one that its next update connects."""
    if trainer._kv_initialized:
        return False
    wanted = trainer._kvstore_params["kvstore"]
    kind = wanted if isinstance(wanted, str) else getattr(wanted, "type", "")
    return "dist" in kind


class RankMonitor:
    """Counts what a worker does, and measures one of its exchanges per recorded step."""

    def __init__(self) -> None:
        self._samples = 0
        self._since = self._counted_from = time.perf_counter()
        self._wants_sample = True
        self._sampling: tuple[float, Vector, Vector] | None = None
        self._measured: dict[str, float] = {}
        self._norms: dict[str, float] = {}

    def before_exchange(self, trainer: Any) -> None:
        """The gradients are the worker's own."""
        note_own(trainer._params)
        if not self._wants_sample:
            return
        mx.nd.waitall()  # computing is not waiting
        gradients, weights = _flat(trainer, "list_grad"), _flat(trainer, "list_data")
        self._norms = {
            f"local_gradient_norm/{parameter.name}": _length(np.ravel(gradient))
            for parameter, gradient in _arrays(trainer, "list_grad")
        }
        self._sampling = time.perf_counter(), gradients, weights

    def after_update(self, trainer: Any, batch: int) -> None:
        """The weights are those that the exchange led to."""
        self._samples += batch
        if trainer._kvstore is not None and trainer._update_on_kvstore:
            note_overwritten(trainer._params)
        if self._sampling is None:
            return
        started, gradients, before = self._sampling
        mx.nd.waitall()
        seconds = time.perf_counter() - started
        moved = before - _flat(trainer, "list_data")
        self._measured = {
            "exchange_seconds": seconds,
            "update_cosine": _cosine(gradients, moved),
            **self._norms,
        }
        self._sampling, self._wants_sample = None, False

    def skip_since(self, started: float) -> None:
        """The time since then was the recorder's: of it, what lies behind the newest `_throughput`,
        which began to count anew."""
        self._since += time.perf_counter() - max(started, self._counted_from)

    def scalars(self, trainer: Any, batch: int) -> Mapping[str, object]:
        """Functions, called at a recorded step alone."""
        return {
            "batch_size": lambda: float(batch),
            "throughput": self._throughput,
            "weight_fingerprint": lambda: _fingerprint(trainer),
            **self._sketch(trainer),
            **{name: (lambda name=name: self._measured[name]) for name in self._measured},
        }

    def _sketch(self, trainer: Any) -> Mapping[str, object]:
        """What tells how far workers' weights are apart; the first number asked for makes all."""
        made: list[npt.NDArray[np.float64]] = []

        def number(place: int) -> float:
            if not made:
                made.append(sketch(_flat(trainer, "list_data")))
            return float(made[0][place])

        return {f"weight_sketch/{place:02}": partial(number, place) for place in range(SUMS)}

    def _throughput(self) -> float:
        """Samples per second since the last recorded step. Asks for the next sample, too."""
        now = time.perf_counter()
        rate = self._samples / max(now - self._since, 1e-9)
        self._samples, self._since, self._wants_sample = 0, now, True
        self._counted_from = now
        return rate


def _flat(trainer: Any, arrays: str) -> Vector:
    """All gradients, or all weights, of the first device, one after the other."""
    parts = [np.ravel(array) for _, array in _arrays(trainer, arrays)]
    return np.concatenate(parts) if parts else np.empty(0, np.float32)


def _arrays(trainer: Any, arrays: str) -> Iterator[tuple[Any, Vector]]:
    """The parameters that are trained, each with its array."""
    for parameter in trainer._params:
        if parameter.grad_req != "null" and parameter._data is not None:
            array = getattr(parameter, arrays)()[0]
            yield parameter, array.asnumpy().astype(np.float32, copy=False)


def _fingerprint(trainer: Any) -> float:
    """The same number for the same weights, bit for bit; as a rule another for others."""
    crc = 0
    for _, array in _arrays(trainer, "list_data"):
        crc = zlib.crc32(array.tobytes(), crc)
    return float(crc)


def sketch(weights: Vector) -> npt.NDArray[np.float64]:
    """Sums of the weights with signs drawn for each, the same on every worker, (16,): Charikar et
    al. (2002), 'Finding frequent items in data streams'. The squared distance of two sketches is
    that of the weights on average, and within a third of it."""
    found = np.zeros(SUMS)
    draw = np.random.default_rng(0)
    for start in range(0, len(weights), PART):
        part = weights[start : start + PART].astype(np.float64)
        part *= 2.0 * draw.integers(0, 2, len(part)) - 1
        padded = np.concatenate([part, np.zeros(-len(part) % SUMS)])
        found += padded.reshape(-1, SUMS).sum(axis=0)
    return found


def _length(vector: Vector) -> float:
    return math.sqrt(float(np.dot(vector, vector)))


def _cosine(one: Vector, other: Vector) -> float:
    """Between -1 and 1; NaN where one of them is zero."""
    lengths = _length(one) * _length(other)
    return float(np.dot(one, other)) / lengths if lengths else math.nan
