"""Fine-tuning: one layer frozen by grad_req, one left to itself, and the last one learns."""

from common import digits, mlp, train
from mxnet import gluon, init
from mxnet.gluon import nn

net = mlp(64, 64)
net.initialize(init.Xavier())
x, y = digits()
train(
    net,
    gluon.loss.SoftmaxCrossEntropyLoss(),
    (x, (y > 4).astype("float32")),
    "adam",
    steps=200,
    learning_rate=0.002,
)
tuned = nn.HybridSequential()
for layer in list(net._children.values())[:2]:
    tuned.add(layer)
tuned.add(nn.Dense(10))
tuned[2].initialize(init.Xavier())
tuned[0].collect_params().setattr("grad_req", "null")
train(
    tuned,
    gluon.loss.SoftmaxCrossEntropyLoss(),
    (x, y),
    "adam",
    learning_rate=0.005,
    parameters=tuned[2].collect_params(),
)
