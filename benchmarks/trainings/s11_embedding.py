"""Whole numbers that an embedding looks up."""

from common import digits, train
from mxnet import gluon, init
from mxnet.gluon import nn

x, y = digits()
words = (x * 16).astype("float32")
net = nn.HybridSequential()
net.add(nn.Embedding(17, 4), nn.Dense(64, activation="relu"), nn.Dense(10))
net.initialize(init.Xavier())
train(net, gluon.loss.SoftmaxCrossEntropyLoss(), (words, y), "adam", learning_rate=0.003)
