"""A small LeNet, hybridized, SGD with momentum."""

from common import digits, train
from mxnet import gluon, init
from mxnet.gluon import nn

net = nn.HybridSequential()
net.add(
    nn.Conv2D(8, 3, activation="relu"),
    nn.MaxPool2D(2),
    nn.Dense(32, activation="relu"),
    nn.Dense(10),
)
net.initialize(init.Xavier())
net.hybridize()
train(
    net,
    gluon.loss.SoftmaxCrossEntropyLoss(),
    digits(images=True),
    "sgd",
    learning_rate=0.1,
    momentum=0.9,
)
