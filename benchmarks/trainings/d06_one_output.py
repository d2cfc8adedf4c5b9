"""One output under a softmax."""

from common import digits, mlp, train
from mxnet import gluon, init

x, y = digits()
net = mlp(64, outputs=1)
net.initialize(init.Xavier())
train(
    net,
    gluon.loss.SoftmaxCrossEntropyLoss(),
    (x, (y > 4).astype("float32")),
    "adam",
    learning_rate=0.001,
)
