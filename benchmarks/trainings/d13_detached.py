"""The gradient is cut behind the second layer."""

from common import digits, train
from mxnet import gluon, init
from mxnet.gluon import nn


class Net(gluon.HybridBlock):
    def __init__(self):
        super().__init__()
        self.a, self.b, self.c = (
            nn.Dense(6, activation="relu"),
            nn.Dense(6, activation="relu"),
            nn.Dense(10),
        )

    def hybrid_forward(self, F, x):
        return self.c(F.BlockGrad(self.b(self.a(x))))


net = Net()
net.initialize(init.Xavier())
train(net, gluon.loss.SoftmaxCrossEntropyLoss(), digits(), "adam", learning_rate=0.003, stale=True)
