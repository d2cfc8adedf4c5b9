"""A convolutional net, SGD with a rate of 5."""

from common import digits, train
from mxnet import gluon, init
from mxnet.gluon import nn

net = nn.HybridSequential()
net.add(nn.Conv2D(8, 3, activation="relu"), nn.Conv2D(8, 3, activation="relu"), nn.Dense(10))
net.initialize(init.Xavier())
train(
    net,
    gluon.loss.SoftmaxCrossEntropyLoss(),
    digits(images=True),
    "sgd",
    learning_rate=5,
    momentum=0.9,
)
