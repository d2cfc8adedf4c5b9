"""An LSTM over the rows of digits."""

from common import digits, train
from mxnet import gluon, init
from mxnet.gluon import nn


class Net(gluon.HybridBlock):
    def __init__(self):
        super().__init__()
        self.rnn = gluon.rnn.LSTM(32, layout="NTC")
        self.out = nn.Dense(10)

    def hybrid_forward(self, F, x):
        return self.out(self.rnn(x))


net = Net()
net.initialize(init.Xavier())
x, y = digits()
train(
    net, gluon.loss.SoftmaxCrossEntropyLoss(), (x.reshape(-1, 8, 8), y), "adam", learning_rate=0.005
)
