"""Seven ReLU layers with Normal(0.003)."""

from common import digits, mlp, train
from mxnet import gluon, init

net = mlp(*[32] * 6)
net.initialize(init.Normal(0.003))
train(net, gluon.loss.SoftmaxCrossEntropyLoss(), digits(), "sgd", learning_rate=0.1)
