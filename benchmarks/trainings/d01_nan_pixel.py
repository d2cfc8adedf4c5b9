"""One pixel of one batch is NaN; the loss stays finite."""

from common import digits, train
from mxnet import gluon, init
from mxnet.gluon import nn


def spoil(step, x, y):
    if step == 57:
        x[3, 0, 2, 2] = float("nan")
    return x, y


net = nn.HybridSequential()
net.add(nn.Conv2D(8, 3, activation="relu"), nn.MaxPool2D(2), nn.Dense(10))
net.initialize(init.Xavier())
train(
    net,
    gluon.loss.SoftmaxCrossEntropyLoss(),
    digits(images=True),
    "sgd",
    learning_rate=0.1,
    change=spoil,
)
