"""One training as people write them, of a few updates.

Each prints its weights' digest and what the generators draw next. ``runs`` is how many runs it
leaves when it is recorded; where that is none, ``says`` is what its user is told instead.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

HEAD = """
import hashlib, random, sys
import numpy as np, mxnet as mx
from mxnet import autograd, gluon, nd
from mxnet.gluon import nn, rnn
mx.random.seed(5); np.random.seed(5); random.seed(5)
draw = np.random.RandomState(1)
L = gluon.loss.SoftmaxCrossEntropyLoss()
def X(n=6, c=1, s=8): return nd.array(draw.rand(n, c, s, s))
def Y(n=6, k=3): return nd.array(draw.randint(0, k, n))
def conv_net(**given):
    net = nn.HybridSequential(**given)
    net.add(nn.Conv2D(4, 3), nn.BatchNorm(), nn.Activation("relu"), nn.MaxPool2D(), nn.Dropout(.3), nn.Dense(3))
    net.initialize(); return net
def trainer(net, **given): return gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": .1, **given})
def leave(*arrays):
    digest = hashlib.sha256()
    for each in arrays:
        named = sorted(each.collect_params().items()) if isinstance(each, gluon.Block) else each
        for name, p in named:
            data = p.list_data() if isinstance(p, gluon.Parameter) else [p]
            digest.update(name.encode()); [digest.update(d.asnumpy().tobytes()) for d in data]
    print(digest.hexdigest(), mx.nd.random.uniform(shape=3).asnumpy(), np.random.rand(2), random.random())
"""

LOOP = """
for _ in range(5):
    x, y = X(), Y()
    with autograd.record(): l = L(net(x), y)
    l.backward(); t.step(6)
"""

BLOCK = """
class Net(gluon.{kind}):
    def __init__(s):
        super().__init__()
        with s.name_scope(): s.c, s.d = nn.Conv2D(4, 3, activation="relu"), nn.Dense(3)
"""
HYBRID, PLAIN = BLOCK.format(kind="HybridBlock"), BLOCK.format(kind="Block")


@dataclass(frozen=True)
class Case:
    """One training.

    Attributes:
        body: of the script, behind `HEAD`.
        runs: how many nets it is recorded as.
        says: part of the sentence that its user is told; empty: nothing is said.
        code: it exits with.
    """

    body: str
    runs: int = 1
    says: str = ""
    code: int = 0

    @property
    def script(self) -> str:
        return HEAD + textwrap.dedent(self.body).strip("\n") + "\n"
