"""A weight decay of 0.7."""

from common import digits, mlp, train
from mxnet import gluon, init

net = mlp(64, 64)
net.initialize(init.Xavier())
train(net, gluon.loss.SoftmaxCrossEntropyLoss(), digits(), "sgd", learning_rate=0.1, wd=0.7)
