"""An autoencoder with a sigmoid at its end."""

from common import digits, mlp, train
from mxnet import gluon, init

net = mlp(32, 8, 32, outputs=64, last="sigmoid")
net.initialize(init.Xavier())
x, _ = digits()
train(net, gluon.loss.L2Loss(), (x, x), "adam", learning_rate=0.003)
