"""Dropout of one half."""

from common import digits, train
from mxnet import gluon, init
from mxnet.gluon import nn

net = nn.HybridSequential()
net.add(nn.Dense(128, activation="relu"), nn.Dropout(0.5), nn.Dense(10))
net.initialize(init.Xavier())
train(net, gluon.loss.SoftmaxCrossEntropyLoss(), digits(), "adam", learning_rate=0.002)
