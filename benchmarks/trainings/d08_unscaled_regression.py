"""Inputs and targets in the hundreds, SGD."""

from common import diabetes, mlp, train
from mxnet import gluon, init

net = mlp(32, outputs=1)
net.initialize(init.Xavier())
train(net, gluon.loss.L2Loss(), diabetes(scaled=False), "sgd", learning_rate=0.01)
