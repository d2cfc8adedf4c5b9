"""Sorted by class and not shuffled."""

import numpy as np
from common import digits, mlp, train
from mxnet import gluon, init

x, y = digits()
order = np.argsort(y, kind="stable")
net = mlp(64)
net.initialize(init.Xavier())
train(
    net,
    gluon.loss.SoftmaxCrossEntropyLoss(),
    (x[order], y[order]),
    "sgd",
    learning_rate=0.1,
    shuffle=False,
)
