"""All weights start at 0.05."""

from common import digits, mlp, train
from mxnet import gluon, init

net = mlp(64, 64)
net.initialize(init.Constant(0.05))
train(net, gluon.loss.SoftmaxCrossEntropyLoss(), digits(), "adam", learning_rate=0.001)
