"""Dropout of 0.97, twice."""

from common import digits, train
from mxnet import gluon, init
from mxnet.gluon import nn

net = nn.HybridSequential()
net.add(
    nn.Dense(64, activation="relu"),
    nn.Dropout(0.97),
    nn.Dense(64, activation="relu"),
    nn.Dropout(0.97),
    nn.Dense(10),
)
net.initialize(init.Xavier())
train(net, gluon.loss.SoftmaxCrossEntropyLoss(), digits(), "adam", learning_rate=0.001)
