"""Sigmoid layers with Normal(3)."""

from common import digits, mlp, train
from mxnet import gluon, init

net = mlp(64, 64, 64, activation="sigmoid")
net.initialize(init.Normal(3))
train(net, gluon.loss.SoftmaxCrossEntropyLoss(), digits(), "sgd", learning_rate=0.1)
