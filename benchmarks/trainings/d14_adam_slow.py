"""Adam with a rate of 1e-8."""

from common import digits, mlp, train
from mxnet import gluon, init

net = mlp(64, 64)
net.initialize(init.Xavier())
train(net, gluon.loss.SoftmaxCrossEntropyLoss(), digits(), "adam", learning_rate=1e-8)
