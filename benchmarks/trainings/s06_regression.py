"""Regression of noisy amounts, of which half can be explained."""

from common import diabetes, mlp, train
from mxnet import gluon, init

net = mlp(32, 16, outputs=1)
net.initialize(init.Xavier())
train(net, gluon.loss.L2Loss(), diabetes(), "adam", learning_rate=0.003, steps=500)
