"""A low rate that gets there in time."""

from common import digits, mlp, train
from mxnet import gluon, init

net = mlp(64)
net.initialize(init.Xavier())
train(net, gluon.loss.SoftmaxCrossEntropyLoss(), digits(), "sgd", learning_rate=0.005, steps=700)
