"""Data and a plain Gluon loop for the trainings beside it, which know nothing of vizframe.

``SEED`` chooses the random numbers.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from typing import Any

import mxnet as mx
import numpy as np
from mxnet import autograd, gluon, nd
from sklearn.datasets import load_diabetes, load_digits

SEED = int(os.environ.get("SEED", "0"))
np.random.seed(SEED)
random.seed(SEED)
mx.random.seed(SEED)

Pair = tuple[np.ndarray, np.ndarray]  # type: ignore[type-arg]


def digits(*, images: bool = False, scale: float = 1 / 16) -> Pair:
    found = load_digits()
    order = np.random.RandomState(11).permutation(len(found.target))
    x = (found.data[order] * scale).astype("float32")
    return (x.reshape(-1, 1, 8, 8) if images else x), found.target[order].astype("float32")


def diabetes(*, scaled: bool = True) -> Pair:
    x, y = load_diabetes(return_X_y=True, scaled=False)
    if scaled:
        x, y = (x - x.mean(0)) / x.std(0), (y - y.mean()) / y.std()
    return x.astype("float32"), y.astype("float32")[:, None]


def mlp(*widths: int, activation: str = "relu", outputs: int = 10, last: str | None = None) -> Any:
    net = gluon.nn.HybridSequential()
    for width in widths:
        net.add(gluon.nn.Dense(width, activation=activation))
    net.add(gluon.nn.Dense(outputs, activation=last))
    return net


def batches(data: Pair, size: int, *, shuffle: bool = True) -> Any:
    x, y = data
    for _ in iter(int, 1):
        order = np.random.permutation(len(x)) if shuffle else np.arange(len(x))
        for start in range(0, len(x) - size + 1, size):
            taken = order[start : start + size]
            yield nd.array(x[taken]), nd.array(y[taken])


def train(
    net: Any,
    loss: Callable[..., Any],
    data: Pair,
    optimizer: str = "adam",
    *,
    steps: int = 400,
    size: int = 32,
    shuffle: bool = True,
    parameters: Any = None,
    change: Callable[[int, Any, Any], tuple[Any, Any]] | None = None,
    stale: bool = False,
    **options: float,
) -> None:
    trainer = gluon.Trainer(parameters or net.collect_params(), optimizer, options)
    for step, (x, y) in zip(range(steps), batches(data, size, shuffle=shuffle), strict=False):
        if change is not None:
            x, y = change(step, x, y)
        with autograd.record():
            value = loss(net(x), y)
        value.backward()
        trainer.step(len(x), ignore_stale_grad=stale)
    print(f"{steps} steps, loss {value.mean().asscalar():.4f}")
