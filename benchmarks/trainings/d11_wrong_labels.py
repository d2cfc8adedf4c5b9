"""Labels of other examples."""

import numpy as np
from common import digits, mlp, train
from mxnet import gluon, init

x, y = digits()
net = mlp(32)
net.initialize(init.Xavier())
train(
    net,
    gluon.loss.SoftmaxCrossEntropyLoss(),
    (x, np.random.RandomState(4).permutation(y)),
    "sgd",
    learning_rate=0.05,
    steps=600,
)
